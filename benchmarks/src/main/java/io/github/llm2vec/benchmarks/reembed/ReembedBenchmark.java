/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.benchmarks.Figures;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.Prompt;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.zip.GZIPInputStream;
import org.apache.lucene.util.IOUtils;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.cloud.Replica;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The whole way of docs/reembed.md on a cluster of real nodes, two shards with two replicas, under
 * queries and updates: from {@code mini} to {@code mini} with another pooling and narrower vectors.
 * On the way the job is killed twice, each node with data once and the node that the job talks to
 * once. Prints how long queries took before, meanwhile and afterwards, and whether every vector of
 * every replica is, bit for bit, the one that its model gives for the document's text.
 */
@Command(
    name = "reembed",
    description = "Another model for a live collection, under queries, updates and kill -9.",
    mixinStandardHelpOptions = true)
public final class ReembedBenchmark implements Callable<Integer> {

  private static final String COLLECTION = "papers";
  private static final String OLD = "vector";
  private static final String NEW = "vector2";
  private static final int OLD_WIDTH = 512;
  private static final int BULK = 100;

  /** Documents that updates leave alone, of which the judged queries are made. */
  private static final int JUDGED = 200;

  private static final int QUERY_WORDS = 5;
  private static final int MOST_RUNS = 30;
  private static final int WARM_UP_QUERIES = 300;

  private static final String KEEP_DELETED =
      """
      <indexConfig>
        <mergePolicyFactory class="org.apache.solr.index.TieredMergePolicyFactory">
          <double name="deletesPctAllowed">50</double>
        </mergePolicyFactory>
      </indexConfig>
      """;

  @Option(
      names = "--texts",
      required = true,
      description = "Short texts, one a line; may be gzipped. Lines of few words are left out.")
  private Path texts;

  @Option(names = "--documents", defaultValue = "100000", description = "Documents at first.")
  private int documents;

  @Option(names = "--rate", defaultValue = "120", description = "Documents re-encoded a second.")
  private double rate;

  @Option(names = "--batch", defaultValue = "0", description = "Documents of a request of the job.")
  private int batch;

  @Option(names = "--queries", defaultValue = "20", description = "Queries a second.")
  private double queriesPerSecond;

  @Option(names = "--updates", defaultValue = "4", description = "Updates a second.")
  private double updatesPerSecond;

  @Option(names = "--warm-up", defaultValue = "30", description = "Seconds that do not count.")
  private int warmUp;

  @Option(names = "--before", defaultValue = "90", description = "Seconds measured before.")
  private int before;

  @Option(names = "--after", defaultValue = "30", description = "Seconds on the new field.")
  private int after;

  @Option(names = "--step", defaultValue = "15", description = "document_step_ms of the models.")
  private int step;

  @Option(names = "--heap", defaultValue = "1g", description = "Heap of each node.")
  private String heap;

  @Option(
      names = "--soft-commit",
      defaultValue = "3000",
      description = "solr.autoSoftCommit.maxTime of the nodes, in ms; 3000 as in the example.")
  private int softCommit;

  @Option(
      names = "--replicas",
      defaultValue = "NRT",
      description = "NRT, all of which index, or TLOG, which take the segments of the leader.")
  private Replica.Type replicas = Replica.Type.NRT;

  @Option(names = "--configset", defaultValue = "solr-config-examples/basic/conf")
  private Path configset;

  @Option(names = "--no-kills", description = "Kill nothing.")
  private boolean noKills;

  @Option(names = "--folder", description = "Where indexes and logs go, and stay.")
  private Optional<Path> folder = Optional.empty();

  private final long started = System.nanoTime();
  private final AtomicInteger nextText = new AtomicInteger();
  private List<String> lines = List.of();

  @Override
  public Integer call() throws Exception {
    lines = read(texts);
    if (lines.size() < documents + documents / 10) {
      throw new IllegalArgumentException(
          "%s has %s lines of enough words; %s documents and their changes need %s"
              .formatted(texts, lines.size(), documents, documents + documents / 10));
    }
    Path place = folder.isPresent() ? folder.get() : Files.createTempDirectory("llm2vec-reembed");
    Files.createDirectories(place);
    try (SolrCluster cluster =
        new SolrCluster(
            place.toAbsolutePath(),
            models(),
            List.of(
                "-Xms" + heap,
                "-Xmx" + heap,
                "-XX:+UseParallelGC",
                "-Dsolr.autoSoftCommit.maxTime=" + softCommit))) {
      return run(cluster, place) ? 0 : 1;
    } finally {
      if (folder.isEmpty()) {
        IOUtils.rm(place);
      }
    }
  }

  private String models() {
    String common =
        "\"model\":\"mini\",\"device\":[\"cpu\"],\"threads\":1,\"serving\":{\"document_step_ms\":%s}"
            .formatted(step);
    return "{\"models\":{\"default\":{%s},\"new\":{%s,\"pooling\":\"%s\",\"dimensions\":%s}}}"
        .formatted(common, common, NEW_POOLING.optionName(), NEW_WIDTH);
  }

  private static final Pooling NEW_POOLING = Pooling.WEIGHTED_MEAN;
  private static final int NEW_WIDTH = 256;

  private boolean run(SolrCluster cluster, Path place) throws Exception {
    Map<String, String> first = index(cluster);
    note("overseer: " + cluster.overseer());
    settle(cluster);
    List<String> ids = new ArrayList<>(first.keySet());
    // One after the other: nodes that have just begun would be asked for more than they can do.
    QueryLoad.warmUp(cluster.client(), COLLECTION, OLD, WARM_UP_QUERIES, number -> question());
    try (QueryLoad queries =
            new QueryLoad(
                cluster.client(), COLLECTION, OLD, queriesPerSecond, number -> question());
        UpdateLoad updates =
            new UpdateLoad(
                cluster.client(),
                COLLECTION,
                updatesPerSecond,
                this::line,
                first,
                ids.subList(Math.min(JUDGED, ids.size() / 2), ids.size()))) {
      sleep(Duration.ofSeconds(warmUp));
      long beforeStart = System.nanoTime();
      note("measuring for " + before + " s");
      sleep(Duration.ofSeconds(before));
      long change = System.nanoTime();
      ReembedJob job = job(cluster, place);
      List<Killer.Kill> kills = change(cluster, job);
      long covered = System.nanoTime();
      note("covered after %.0f s", (covered - change) / 1e9);
      boolean sound = switchOver(job, place, first, ids);
      long switched = System.nanoTime();
      sleep(Duration.ofSeconds(after));
      sound &= expect(job.run("--rollback"), 0, "rollback");
      long back = System.nanoTime();
      sleep(Duration.ofSeconds(after / 2));
      sound &= expect(job.run("--switch"), 0, "second switch");
      sleep(Duration.ofSeconds(after / 2));
      long end = System.nanoTime();
      Map<String, String> expected = updates.stop();
      List<QueryLoad.Sample> samples = queries.stop();
      sound &= expect(job.run("--check"), 0, "check");
      Files.write(
          place.resolve("queries.tsv"),
          samples.stream()
              .map(
                  sample ->
                      String.format(
                          Locale.ROOT,
                          "%.3f\t%.2f\t%s",
                          (sample.due() - change) / 1e9,
                          sample.nanos() / 1e6,
                          sample.failure().orElse("")))
              .toList());
      IndexCheck.Result result = look(cluster, expected);
      LongPredicate during = moment -> moment >= change && moment < covered;
      LongPredicate disturbed = moment -> kills.stream().anyMatch(kill -> kill.contains(moment));
      List<LatencyRow> rows =
          List.of(
              LatencyRow.of("before", samples, moment -> moment >= beforeStart && moment < change),
              LatencyRow.of("during the change", samples, during),
              LatencyRow.of("of these, all nodes up", samples, during.and(disturbed.negate())),
              LatencyRow.of("of these, a node down or catching up", samples, during.and(disturbed)),
              LatencyRow.of(
                  "comparison and switch",
                  samples,
                  moment -> moment >= covered && moment < switched),
              LatencyRow.of(
                  "on the new field", samples, moment -> moment >= switched && moment < back),
              LatencyRow.of(
                  "rollback and second switch", samples, moment -> moment >= back && moment < end),
              LatencyRow.of("all of them", samples, moment -> true));
      return report(rows, kills, result, updates, (covered - change) / 1e9, samples) && sound;
    }
  }

  // ---- Before -------------------------------------------------------------------------------

  private static List<String> read(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    try (InputStream raw = Files.newInputStream(file);
        InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8))) {
      reader
          .lines()
          .map(String::strip)
          .filter(line -> words(line).length > QUERY_WORDS)
          .distinct()
          .forEach(lines::add);
    }
    return lines;
  }

  private static String[] words(String line) {
    return line.split("\\s+", -1);
  }

  /** A line that no document has had yet, as long as there are such. */
  private String line() {
    return lines.get(nextText.getAndIncrement() % lines.size());
  }

  private String question() {
    // From the end of the file, away from what is indexed.
    int number = nextText.incrementAndGet();
    String[] words = words(lines.get(lines.size() - 1 - number % lines.size()));
    return String.join(" ", Arrays.asList(words).subList(0, QUERY_WORDS));
  }

  private Map<String, String> index(SolrCluster cluster) throws Exception {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("schema.xml", Files.readString(configset.resolve("schema.xml")));
    files.put("solrconfig.xml", config(false));
    cluster.upload(COLLECTION, files);
    cluster.create(COLLECTION, COLLECTION, replicas, Map.of("llm2vec.dims", "" + OLD_WIDTH));
    Map<String, String> first = new LinkedHashMap<>();
    for (int i = 0; i < documents; i++) {
      first.put("d" + i, line());
    }
    long start = System.nanoTime();
    List<Map.Entry<String, String>> all = new ArrayList<>(first.entrySet());
    ExecutorService clients = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> requests = new ArrayList<>();
      for (int i = 0; i < all.size(); i += BULK) {
        UpdateRequest request = new UpdateRequest();
        all.subList(i, Math.min(all.size(), i + BULK))
            .forEach(
                document ->
                    request.add(
                        new SolrInputDocument(
                            "id", document.getKey(), "text", document.getValue())));
        requests.add(clients.submit(() -> request.process(cluster.client(), COLLECTION)));
      }
      for (Future<?> request : requests) {
        request.get();
      }
    } finally {
      clients.shutdownNow();
    }
    cluster.client().commit(COLLECTION);
    note("indexed %s documents in %.0f s", documents, (System.nanoTime() - start) / 1e9);
    return first;
  }

  /**
   * The configuration of the example, with a schema that can be changed.
   *
   * @param both with what step 3 of docs/reembed.md adds
   */
  private String config(boolean both) throws IOException {
    String vector = "<str name=\"vector\">vector</str>";
    String config =
        Files.readString(configset.resolve("solrconfig.xml"))
            .replace("ClassicIndexSchemaFactory", "ManagedIndexSchemaFactory");
    if (both) {
      config =
          config
              .replace(
                  vector,
                  """
                  <lst name="mapping">%s</lst>
                  <lst name="mapping"><str name="vector">%s</str><str name="model">new</str></lst>
                  """
                      .formatted(vector, NEW))
              .replace("<updateHandler", KEEP_DELETED + "<updateHandler");
    }
    return config;
  }

  /** Waits until the nodes have done what indexing left to do: merges. */
  private void settle(SolrCluster cluster) throws InterruptedException {
    long quiet = 0;
    long start = System.nanoTime();
    while (quiet < 3 && System.nanoTime() - start < TimeUnit.MINUTES.toNanos(5)) {
      long cpu = cpu(cluster);
      sleep(Duration.ofSeconds(1));
      quiet = cpu(cluster) - cpu < TimeUnit.MILLISECONDS.toNanos(200) ? quiet + 1 : 0;
    }
    note("at rest after %.0f s", (System.nanoTime() - start) / 1e9);
  }

  private static long cpu(SolrCluster cluster) {
    return SolrCluster.DATA_NODES.stream()
        .mapToLong(
            node -> cluster.process(node).info().totalCpuDuration().orElse(Duration.ZERO).toNanos())
        .sum();
  }

  // ---- The change ---------------------------------------------------------------------------

  private ReembedJob job(SolrCluster cluster, Path place) {
    List<String> common =
        new ArrayList<>(
            List.of("--solr", cluster.url(SolrCluster.COORDINATOR), "--collection", COLLECTION));
    common.addAll(List.of("--field", OLD, "--to", NEW));
    return new ReembedJob(common, place.resolve("job.log"));
  }

  /** Steps 2 to 4 of docs/reembed.md, until everything is covered. */
  private List<Killer.Kill> change(SolrCluster cluster, ReembedJob job) throws Exception {
    expect(job.run("--model", "new", "--dimensions", "" + NEW_WIDTH), 1, "field added");
    cluster.upload(COLLECTION, Map.of("solrconfig.xml", config(true)));
    cluster.reload(COLLECTION);
    Killer killer = new Killer(cluster, job, COLLECTION, NEW + "_model:[* TO *]", this::note);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<?> plan = thread.submit(noKills ? () -> null : killer);
      List<String> arguments =
          new ArrayList<>(List.of("--rate", String.format(Locale.ROOT, "%s", rate)));
      if (batch > 0) {
        arguments.addAll(List.of("--batch", "" + batch));
      }
      for (int run = 1; run <= MOST_RUNS; run++) {
        int code = job.run(arguments.toArray(String[]::new));
        note("the job ended with " + code);
        if (code == 0 && plan.isDone()) {
          plan.get();
          return killer.kills();
        }
      }
      throw new IllegalStateException("the job did not come to its end; see job.log");
    } finally {
      thread.shutdownNow();
    }
  }

  // ---- Comparison and switch ----------------------------------------------------------------

  /** A worse model is refused by judged queries; by how much stays the same it may serve. */
  private boolean switchOver(
      ReembedJob job, Path place, Map<String, String> first, List<String> ids) throws Exception {
    Path queries = place.resolve("queries.jsonl");
    Path qrels = place.resolve("qrels.tsv");
    List<String> texts = new ArrayList<>();
    List<String> judgements = new ArrayList<>(List.of("query-id\tcorpus-id\tscore"));
    ObjectMapper json = new ObjectMapper();
    for (String id : ids.subList(0, Math.min(JUDGED, ids.size() / 2))) {
      String[] words = words(first.getOrDefault(id, ""));
      String text = String.join(" ", Arrays.asList(words).subList(1, QUERY_WORDS));
      texts.add(json.writeValueAsString(Map.of("_id", "q" + id, "text", text)));
      judgements.add("q" + id + "\t" + id + "\t1");
    }
    Files.write(queries, texts);
    Files.write(qrels, judgements);
    boolean sound =
        expect(job.run("--switch", "--queries", "" + queries, "--qrels", "" + qrels), 1, "gate");
    sound &= expect(job.run("--switch"), 0, "switch");
    return sound;
  }

  private boolean expect(int code, int wanted, String what) {
    note("%s: exit code %s".formatted(what, code));
    if (code != wanted) {
      System.out.println("WRONG: " + what + " ended with " + code + ", not " + wanted);
    }
    return code == wanted;
  }

  // ---- The end ------------------------------------------------------------------------------

  private IndexCheck.Result look(SolrCluster cluster, Map<String, String> expected)
      throws Exception {
    cluster.client().commit(COLLECTION);
    Map<String, Map<String, float[]>> vectors = new LinkedHashMap<>();
    vectors.put(OLD, encode(expected, Llm2VecOptions.builder()));
    vectors.put(
        NEW, encode(expected, Llm2VecOptions.builder().pooling(NEW_POOLING).dimensions(NEW_WIDTH)));
    note("encoded all texts anew, twice");
    IndexCheck.Result result = new IndexCheck(expected, vectors).run(cluster.indexes(COLLECTION));
    note("compared all replicas");
    return result;
  }

  private static Map<String, float[]> encode(
      Map<String, String> texts, Llm2VecOptions.Builder options) throws IOException {
    List<Map.Entry<String, String>> all = new ArrayList<>(texts.entrySet());
    Map<String, float[]> vectors = new HashMap<>();
    try (Llm2Vec model =
        Llm2Vec.open(
            ModelSource.of("mini", List.of(), Map.of()), options.normalize(true).build())) {
      for (int i = 0; i < all.size(); i += 1000) {
        List<Map.Entry<String, String>> part = all.subList(i, Math.min(all.size(), i + 1000));
        float[][] encoded =
            model.encode(part.stream().map(Map.Entry::getValue).toList(), Prompt.document());
        for (int j = 0; j < encoded.length; j++) {
          vectors.put(part.get(j).getKey(), encoded[j]);
        }
      }
    }
    return vectors;
  }

  private boolean report(
      List<LatencyRow> rows,
      List<Killer.Kill> kills,
      IndexCheck.Result result,
      UpdateLoad updates,
      double seconds,
      List<QueryLoad.Sample> samples) {
    Figures.print(
        "%n%d documents, 2 shards with 2 %s replicas, %s queries and %s updates a second, --rate %s,"
            + " --soft-commit %s; Java %s, %d processors%n%n%s%n",
        documents,
        replicas,
        queriesPerSecond,
        updatesPerSecond,
        rate,
        softCommit,
        Runtime.version().feature(),
        Runtime.getRuntime().availableProcessors(),
        LatencyRow.HEAD);
    rows.forEach(row -> System.out.println(row.beside(rows.get(0))));
    Figures.print(
        "%nThe change took %.0f s, %.1f documents/s; %d updates, %d requests of which were sent again.%n",
        seconds, documents / seconds, updates.done(), updates.sentAgain());
    kills.forEach(
        kill ->
            Figures.print(
                "kill -9 of %s at %.0f %%%s%n",
                kill.what(),
                100 * kill.coverage(),
                kill.until() == kill.from()
                    ? ""
                    : String.format(
                        Locale.ROOT, ", back after %.0f s", (kill.until() - kill.from()) / 1e9)));
    Figures.print(
        "%d copies of documents in all replicas, %d vectors compared bit for bit, %d wrong%n",
        result.documents(), result.compared(), result.wrong());
    result.examples().forEach(System.out::println);
    samples.stream()
        .flatMap(sample -> sample.failure().stream())
        .distinct()
        .limit(5)
        .forEach(failure -> System.out.println("a query failed: " + failure));
    return result.wrong() == 0 && rows.get(rows.size() - 1).failed() == 0;
  }

  private void note(String format, Object... values) {
    String what = String.format(Locale.ROOT, format, values);
    Figures.print("%7.1f s  %s%n", (System.nanoTime() - started) / 1e9, what);
  }

  private static void sleep(Duration duration) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(duration.toNanos());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.remote.EncoderNodes;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.MiniSolrCloudCluster;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.After;
import org.junit.Assume;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Encoder nodes in processes of their own, and one that asks them in this one, with {@code
 * -Dllm2vec.nodes=true}: prints what ingest and queries cost through the node without the model
 * beside the node that has it, and kills encoder nodes (SIGKILL) during ingest and under queries.
 *
 * <p>The device is imitated: a batch takes as long as its tokens take on one of {@value
 * #TOKENS_PER_SECOND} tokens a second, and no processor, as on a GPU. Vectors are those of {@link
 * FakeBatchModel}.
 */
@SuppressSSL(bugUrl = "the test is about encoding")
public class EncoderNodeLoadTest extends SolrCloudTestCase {

  private static final int DIMENSIONS = 1024;
  private static final int TOKENS_PER_SECOND = 200_000;
  private static final int ROUNDS = Integer.getInteger("llm2vec.nodes.rounds", 3);
  private static final int REQUESTS = Integer.getInteger("llm2vec.nodes.requests", 30);
  private static final int BATCH = 100;
  private static final int QUERIES = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private static List<String> words;

  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService clients =
      Executors.newCachedThreadPool(run -> new Thread(run, "client"));
  private final List<Process> processes = new ArrayList<>();
  private final AtomicInteger numbers = new AtomicInteger();

  /** A model on an imitated device: a character is a token. */
  private record Device(FakeBatchModel model) implements BatchModel {
    @Override
    public int dimensions() {
      return model.dimensions();
    }

    @Override
    public String fingerprint() {
      return model.fingerprint();
    }

    @Override
    public BatchLayout layout() {
      return model.layout();
    }

    @Override
    public int maxBatchTokens() {
      return model.maxBatchTokens();
    }

    @Override
    public TokenizedText tokenize(String text, Prompt prompt) {
      return model.tokenize(text, prompt);
    }

    @Override
    public List<TokenizedText> tokenizeAll(List<String> texts, Prompt prompt) {
      return model.tokenizeAll(texts, prompt);
    }

    @Override
    public float[][] encode(List<TokenizedText> texts) {
      long end = System.nanoTime();
      long tokens = texts.stream().mapToInt(TokenizedText::length).sum();
      end += TimeUnit.SECONDS.toNanos(tokens) / TOKENS_PER_SECOND;
      float[][] vectors = model.encode(texts);
      model.forget();
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
      return vectors;
    }

    @Override
    public void close() {
      model.close();
    }
  }

  /** An encoder node: prints its address, and runs until its input ends or it is killed. */
  static final class Node {

    private Node() {}

    /** Home, address of ZooKeeper, port. */
    public static void main(String[] arguments) throws Exception {
      Path home = Path.of(arguments[0]);
      Files.writeString(home.resolve("solr.xml"), MiniSolrCloudCluster.DEFAULT_CLOUD_SOLR_XML);
      // Read by cores that are there before the model is.
      Files.writeString(
          home.resolve(ModelsFile.NAME), "{\"models\": {\"default\": {\"model\": \"none\"}}}");
      Properties properties = new Properties();
      properties.setProperty("zkHost", arguments[1]);
      JettySolrRunner jetty =
          new JettySolrRunner(
              home.toString(),
              properties,
              JettyConfig.builder()
                  .setPort(Integer.parseInt(arguments[2]))
                  .withSSLConfig(null)
                  .build());
      jetty.start();
      ModelsFile models =
          new ModelsFile(
              home.resolve(ModelsFile.NAME),
              Map.of("default", ModelDeclaration.of("default", "device")),
              0);
      EncoderRegistry.install(
          jetty.getCoreContainer(),
          new EncoderRegistry(
              models,
              model ->
                  EncoderService.start(
                      new Device(new FakeBatchModel(DIMENSIONS)),
                      ServingOptions.defaults(),
                      new QueryVectorCache(0)),
              Runnable::run));
      for (String core : jetty.getCoreContainer().getAllCoreNames()) {
        jetty.getCoreContainer().reload(core);
      }
      System.out.println("NODE " + jetty.getBaseUrl() + " " + jetty.getNodeName());
      while (System.in.read() >= 0) {
        // Nothing is said; the end counts.
      }
      Runtime.getRuntime().halt(0);
    }
  }

  private record Encoder(Process process, Path home, String url, String name) {
    int port() {
      return URI.create(url).getPort();
    }
  }

  @BeforeClass
  public static void startCluster() throws Exception {
    Assume.assumeTrue("-Dllm2vec.nodes=true runs it", Boolean.getBoolean("llm2vec.nodes"));
    configureCluster(1).addConfig("basic", SolrNode.BASIC).configure();
    ModelsFile models =
        new ModelsFile(
            Path.of(cluster.getJettySolrRunner(0).getSolrHome(), ModelsFile.NAME),
            Map.of("default", ModelDeclaration.served("default", "", new EncoderNodes.InCluster())),
            0);
    EncoderRegistry.install(
        cluster.getJettySolrRunner(0).getCoreContainer(),
        new EncoderRegistry(
            models,
            model -> {
              throw new AssertionError("this node has no model");
            }));
    List<String> all = new ArrayList<>();
    SciFact.documents(1000)
        .forEach(paper -> all.addAll(Arrays.asList(paper.source().split("\\s+", -1))));
    words = all;
  }

  @After
  public void stop() throws Exception {
    for (Process process : processes) {
      process.getOutputStream().close();
      if (!process.waitFor(1, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }
    }
    clients.shutdown();
    assertTrue(clients.awaitTermination(1, TimeUnit.MINUTES));
  }

  private Encoder start(Path home, int port) throws Exception {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("-Xmx512m");
    // The test framework draws who writes the state of the cluster: the same for all nodes.
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("solr.") && !name.startsWith("solr.log"))
        .forEach(name -> line.add("-D" + name + "=" + System.getProperty(name)));
    line.addAll(
        List.of(
            "-Dsolr.log.dir=" + home.resolve("logs"),
            "-Dhost=127.0.0.1",
            "-cp",
            System.getProperty("java.class.path"),
            Node.class.getName(),
            home.toString(),
            cluster.getZkServer().getZkAddress(),
            "" + port));
    ProcessBuilder command = new ProcessBuilder(line);
    command.redirectError(home.resolve("errors").toFile());
    Process process = command.start();
    processes.add(process);
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String answer = output.readLine();
    while (answer != null && !answer.startsWith("NODE ")) {
      answer = output.readLine();
    }
    assertNotNull("no Solr; see " + home.resolve("errors"), answer);
    String[] parts = answer.split(" ", -1);
    return new Encoder(process, home, parts[1], parts[2]);
  }

  private Encoder start() throws Exception {
    return start(createTempDir(), 0);
  }

  private static void create(String name, int shards, String... on) throws Exception {
    CollectionAdminRequest.createCollection(name, "basic", shards, 1)
        .setCreateNodeSet(String.join(",", on))
        .withProperty("llm2vec.dims", "" + DIMENSIONS)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(name, shards, shards);
  }

  private static String here() {
    return cluster.getJettySolrRunner(0).getBaseUrl().toString();
  }

  private Map<String, String> texts(int count) {
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      int number = numbers.incrementAndGet();
      int from = new Random(number).nextInt(words.size() - 200);
      texts.put("" + number, number + " " + String.join(" ", words.subList(from, from + 150)));
    }
    return texts;
  }

  private HttpResponse<String> index(String url, String collection, Map<String, String> texts)
      throws Exception {
    List<Map<String, String>> documents =
        texts.entrySet().stream()
            .map(text -> Map.of("id", text.getKey(), "text", text.getValue()))
            .toList();
    return http.send(
        HttpRequest.newBuilder(URI.create(url + "/" + collection + "/update"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(documents)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> search(String url, String collection, String text) throws Exception {
    return http.send(
        HttpRequest.newBuilder(
                URI.create(
                    url
                        + "/"
                        + collection
                        + "/select?fl=id&rows=1&q=%7B!llm2vec%20f=vector%20topK=1%20v=$qq%7D&qq="
                        + URLEncoder.encode(text, StandardCharsets.UTF_8)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Documents per second of four clients. */
  private double ingest(String url, String collection) throws Exception {
    List<Map<String, String>> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      requests.add(texts(BATCH));
    }
    AtomicInteger next = new AtomicInteger();
    long start = System.nanoTime();
    List<Future<?>> running = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      running.add(
          clients.submit(
              () -> {
                for (int i = next.getAndIncrement(); i < REQUESTS; i = next.getAndIncrement()) {
                  assertEquals(200, index(url, collection, requests.get(i)).statusCode());
                }
                return null;
              }));
    }
    for (Future<?> client : running) {
      client.get(10, TimeUnit.MINUTES);
    }
    return REQUESTS * BATCH * 1e9 / (System.nanoTime() - start);
  }

  private double millis(String url, String collection, String text) throws Exception {
    long start = System.nanoTime();
    assertEquals(200, search(url, collection, text).statusCode());
    return (System.nanoTime() - start) / 1e6;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  @Test
  public void costOfAskingAnotherNode() throws Exception {
    Encoder there = start();
    create("cost", 2, there.name(), cluster.getJettySolrRunner(0).getNodeName());
    ingest(there.url(), "cost");
    ingest(here(), "cost");
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      double own = ingest(there.url(), "cost");
      double other = ingest(here(), "cost");
      ratios.add(other / own);
      System.err.printf(
          Locale.ROOT,
          "NODES ingest: %.0f documents/s at the encoder node, %.0f through the other: %.1f %%%n",
          own,
          other,
          100 * other / own);
    }
    cluster.getSolrClient().commit("cost");
    List<Double> own = new ArrayList<>();
    List<Double> other = new ArrayList<>();
    for (int query = 0; query < 2 * QUERIES; query++) {
      double first = millis(there.url(), "cost", "query there " + query);
      double second = millis(here(), "cost", "query here " + query);
      if (query >= QUERIES) {
        own.add(first);
        other.add(second);
      }
    }
    System.err.printf(
        Locale.ROOT,
        "NODES ingest, median of %d: %.1f %%; query, median of %d: %.2f ms at the encoder node,"
            + " %.2f ms through the other%n",
        ROUNDS,
        100 * median(ratios),
        QUERIES,
        median(own),
        median(other));
  }

  @Test
  public void killedAndStartedAgainDuringIngest() throws Exception {
    Encoder encoder = start();
    create("encoders", 1, encoder.name());
    create("kept", 1, cluster.getJettySolrRunner(0).getNodeName());
    Map<String, String> acknowledged = new ConcurrentHashMap<>();
    AtomicInteger refused = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      running.add(
          clients.submit(
              () -> {
                while (!over.get()) {
                  Map<String, String> texts = texts(BATCH);
                  if (index(here(), "kept", texts).statusCode() == 200) {
                    acknowledged.putAll(texts);
                  } else {
                    refused.incrementAndGet();
                  }
                }
                return null;
              }));
    }
    await(() -> acknowledged.size() >= 1000);
    encoder.process().destroyForcibly().waitFor();
    int before = acknowledged.size();
    Encoder again = start(encoder.home(), encoder.port());
    int during = acknowledged.size();
    await(() -> acknowledged.size() >= during + 2000);
    over.set(true);
    for (Future<?> client : running) {
      client.get(5, TimeUnit.MINUTES);
    }
    cluster.getSolrClient().commit("kept");
    Map<String, float[]> vectors = new TreeMap<>();
    for (String name : cluster.getJettySolrRunner(0).getCoreContainer().getLoadedCoreNames()) {
      if (name.startsWith("kept")) {
        try (SolrCore core = cluster.getJettySolrRunner(0).getCoreContainer().getCore(name)) {
          vectors.putAll(UpdatingCore.vectors(core, "vector"));
        }
      }
    }
    FakeBatchModel model = new FakeBatchModel(DIMENSIONS);
    acknowledged.forEach(
        (id, text) -> assertArrayEquals(id, model.vector("  " + text), vectors.get(id), 0f));
    System.err.printf(
        Locale.ROOT,
        "NODES kill -9 of %s during ingest: %d documents acknowledged before, %d in all, each with"
            + " its vector; %d requests refused%n",
        again.name(),
        before,
        acknowledged.size(),
        refused.get());
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!condition.getAsBoolean()) {
      assertTrue("in vain", System.nanoTime() < end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  @Test
  public void oneOfTwoKilledUnderQueries() throws Exception {
    Encoder first = start();
    Encoder second = start();
    create("pair", 1, first.name());
    create("pair2", 1, second.name());
    create("searched", 1, cluster.getJettySolrRunner(0).getNodeName());
    assertEquals(200, index(here(), "searched", texts(BATCH)).statusCode());
    cluster.getSolrClient().commit("searched");
    AtomicInteger answered = new AtomicInteger();
    Set<Integer> failed = ConcurrentHashMap.newKeySet();
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    for (int client = 0; client < 8; client++) {
      running.add(
          clients.submit(
              () -> {
                while (!over.get()) {
                  int number = numbers.incrementAndGet();
                  if (search(here(), "searched", "query " + number).statusCode() == 200) {
                    answered.incrementAndGet();
                  } else {
                    failed.add(number);
                  }
                }
                return null;
              }));
    }
    await(() -> answered.get() >= 500);
    first.process().destroyForcibly().waitFor();
    int before = answered.get();
    await(() -> answered.get() >= before + 500);
    over.set(true);
    for (Future<?> client : running) {
      client.get(1, TimeUnit.MINUTES);
    }
    assertEquals(Set.of(), failed);
    System.err.printf(
        Locale.ROOT,
        "NODES kill -9 of one of two under queries: %d answered before, %d in all, none failed%n",
        before,
        answered.get());
  }
}

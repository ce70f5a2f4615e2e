/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.FormatMethod;
import io.github.llm2vec.checkpoint.CheckpointWriter;
import io.github.llm2vec.decoder.RandomWeights;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.serving.Scheduling;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Prints what Solr over HTTP costs beside the bare encoder, on the same texts in the same run, and
 * what a query waits for under ingest with either policy. A measurement, not a test: run it with
 * {@code -Dllm2vec.load=true} on a machine that does nothing else; docs/serving.md has figures.
 */
@EnabledIfSystemProperty(named = "llm2vec.load", matches = "true")
class SolrLoadTest {

  private static final Path TOKENIZER = Path.of("..", "examples", "models", "stories260K");
  private static final int HIDDEN = Integer.getInteger("llm2vec.load.hidden", 256);
  private static final int LAYERS = Integer.getInteger("llm2vec.load.layers", 6);
  private static final int CLIENTS = 64;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;

  private static final int CROWD = 200;
  private static final long CROWD_NANOS = 20_000_000_000L;

  private final ExecutorService clients = Executors.newFixedThreadPool(CROWD + 4);
  private volatile EncoderService service;
  private SolrNode node;

  @BeforeAll
  static void writeModel() throws IOException {
    Path config = folder.resolve("random.json");
    Files.writeString(
        config,
        """
        {"model_type": "llama", "vocab_size": 512, "hidden_size": %d, "intermediate_size": %d,
         "num_hidden_layers": %d, "num_attention_heads": 8, "num_key_value_heads": 8,
         "max_position_embeddings": 512, "tie_word_embeddings": true, "bos_token_id": 1,
         "eos_token_id": 2}"""
            .formatted(HIDDEN, 3 * HIDDEN, LAYERS));
    try (RandomWeights weights = RandomWeights.of(config, 1)) {
      CheckpointWriter.write(model(), config, weights, DType.FLOAT32);
    }
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(TOKENIZER.resolve(file), model().resolve(file));
    }
  }

  private static Path model() {
    return folder.resolve("model");
  }

  private static Llm2Vec open() throws IOException {
    return open(ModelSource.of(model()));
  }

  private static Llm2Vec open(ModelSource source) throws IOException {
    return Llm2Vec.open(
        source, Llm2VecOptions.builder().normalize(true).maxLength(256).docMaxLength(256).build());
  }

  private void start(Scheduling scheduling) throws Exception {
    // On a slow device 64 queries are more than the usual second of work.
    start(
        ServingOptions.builder()
            .scheduling(scheduling)
            .queryBacklog(Duration.ofSeconds(30))
            .build(),
        ModelSource.of(model()));
  }

  private void start(ServingOptions options, ModelSource source) throws Exception {
    Path home = Files.createTempDirectory(folder, "home");
    ModelsFile models =
        new ModelsFile(
            home.resolve(ModelsFile.NAME),
            Map.of("default", ModelDeclaration.of("default", model().toString())),
            0);
    node =
        SolrNode.start(
            home,
            new EncoderRegistry(
                models,
                declaration -> {
                  service = EncoderService.start(open(source), options, new QueryVectorCache(0));
                  return service;
                },
                Runnable::run));
    String dims = source.equals(ModelSource.of(model())) ? "" + HIDDEN : "512";
    node.createCore("load", Map.of("llm2vec.dims", dims));
  }

  @AfterEach
  void stop() {
    clients.shutdownNow();
    node.close();
  }

  /** Texts of the examples, told apart by a number in front so that none is encoded once only. */
  private static List<String> documents(int copies) throws IOException {
    List<String> texts = new ArrayList<>();
    for (int copy = 0; copy < copies; copy++) {
      for (SciFact.Abstract document : SciFact.documents()) {
        texts.add(copy + " " + document.text());
      }
    }
    return texts;
  }

  private static List<String> queries(int count) throws IOException {
    List<String> claims = SciFact.queries();
    return IntStream.range(0, count).mapToObj(i -> i + " " + claims.get(i % 20)).toList();
  }

  private static long tokens(Llm2Vec model, List<String> texts, Prompt prompt) {
    return model.tokenizeAll(texts, prompt).stream().mapToLong(text -> text.length()).sum();
  }

  private void index(String prefix, List<String> texts) throws Exception {
    List<Map<String, String>> documents = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      documents.add(Map.of("id", prefix + i, "text", texts.get(i)));
    }
    assertEquals(200, node.update("load", "", JSON.writeValueAsString(documents)).statusCode());
  }

  private void all(List<Callable<Void>> tasks) throws Exception {
    for (Future<Void> done : clients.invokeAll(tasks)) {
      done.get();
    }
  }

  private static double seconds(Callable<?> work) throws Exception {
    long start = System.nanoTime();
    work.call();
    return (System.nanoTime() - start) / 1e9;
  }

  @FormatMethod
  private static void print(String format, Object... values) {
    System.err.println("LOAD " + format.formatted(values));
  }

  private Void indexInParallel(String prefix, List<String> texts) throws Exception {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int start = 0; start < texts.size(); start += 100) {
      int from = start;
      tasks.add(
          () -> {
            index(prefix + from + "-", texts.subList(from, Math.min(texts.size(), from + 100)));
            return null;
          });
    }
    all(tasks);
    return null;
  }

  @Test
  void ingestBesideTheBareEncoder() throws Exception {
    start(Scheduling.TWO_LANE);
    List<String> texts = documents(1);
    try (Llm2Vec bare = open()) {
      double tokens = tokens(bare, texts, Prompt.document());
      bare.encode(texts.subList(0, 50), Prompt.document());
      indexInParallel("warm", texts.subList(0, 100));
      double bareBest = 0;
      double solrBest = 0;
      for (int round = 0; round < 3; round++) {
        String prefix = "r" + round + "-";
        double alone = tokens / seconds(() -> bare.encode(texts, Prompt.document()));
        double through = tokens / seconds(() -> indexInParallel(prefix, texts));
        print(
            "ingest: bare %.0f tokens/s, through Solr %.0f: %.1f %%",
            alone, through, 100 * through / alone);
        bareBest = Math.max(bareBest, alone);
        solrBest = Math.max(solrBest, through);
      }
      print("ingest, best of 3: %.1f %%", 100 * solrBest / bareBest);
    }
  }

  @Test
  void manyQueryClientsBesideOneBatch() throws Exception {
    start(Scheduling.TWO_LANE);
    index("d", documents(1));
    assertEquals(200, node.update("load", "commit=true", "[]").statusCode());
    int each = 16;
    List<String> texts = queries(CLIENTS * each);
    try (Llm2Vec bare = open()) {
      double tokens = tokens(bare, texts, Prompt.query());
      for (int round = 0; round < 3; round++) {
        String mark = "round " + round + " ";
        double alone = tokens / seconds(() -> bare.encode(texts, Prompt.query()));
        AtomicInteger refused = new AtomicInteger();
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
          int from = client * each;
          tasks.add(
              () -> {
                for (String text : texts.subList(from, from + each)) {
                  if (search(mark + text) != 200) {
                    refused.incrementAndGet();
                  }
                }
                return null;
              });
        }
        long before = service.metrics().work().tokens();
        double time =
            seconds(
                () -> {
                  all(tasks);
                  return null;
                });
        double through = (service.metrics().work().tokens() - before) / time;
        print(
            "%d query clients: one batch %.0f tokens/s, over HTTP %.0f (%.0f queries/s, %d refused): %.1f %%",
            CLIENTS, alone, through, texts.size() / time, refused.get(), 100 * through / alone);
      }
    }
  }

  private int search(String text) throws Exception {
    return node.trySelect("load", Map.of("q", "{!llm2vec f=vector topK=10 v=$qq}", "qq", text))
        .statusCode();
  }

  /**
   * All processors are busy with something else, and 200 clients search without a pause. For the
   * model with random weights even a query is much work there, and the figures are printed only.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCrowdOnABusyMachineIsPartlyRefusedAndTheRestServedSoon(boolean mini) throws Exception {
    start(
        ServingOptions.defaults(),
        mini ? ModelSource.of("mini", List.of(), System.getenv()) : ModelSource.of(model()));
    index("d", documents(1));
    assertEquals(200, node.update("load", "commit=true", "[]").statusCode());
    List<String> claims = SciFact.queries();
    AtomicBoolean stop = new AtomicBoolean();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      Thread burner =
          new Thread(
              () -> {
                while (!stop.get()) {
                  Thread.onSpinWait();
                }
              });
      burner.setDaemon(true);
      burner.start();
    }
    long end = System.nanoTime() + CROWD_NANOS;
    List<Double> served = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger refused = new AtomicInteger();
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int client = 0; client < CROWD; client++) {
      int number = client;
      tasks.add(
          () -> {
            for (int i = 0; System.nanoTime() < end; i++) {
              String text = number + " " + i + " " + claims.get((number + i) % claims.size());
              long start = System.nanoTime();
              int status = search(text);
              if (status == 200) {
                served.add((System.nanoTime() - start) / 1e6);
              } else {
                assertEquals(429, status);
                refused.incrementAndGet();
              }
            }
            return null;
          });
    }
    try {
      all(tasks);
    } finally {
      stop.set(true);
    }
    double[] sorted = served.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double p99 = sorted[(int) Math.ceil(0.99 * sorted.length) - 1];
    print(
        "%d clients for 20 s, %s: %d served, p50 %.0f ms, p99 %.0f ms, %d refused; in the queue p99 %.0f ms",
        CROWD,
        mini ? "mini" : "random weights",
        sorted.length,
        sorted[sorted.length / 2],
        p99,
        refused.get(),
        service.metrics().timings().queryQueue().quantile(0.99));
    assertTrue(refused.get() > 0, "nobody was refused");
    assertTrue(!mini || p99 <= 3000, "p99 " + p99 + " ms");
  }

  @Test
  void queriesUnderIngestByTwoLanesAndByFirstComeFirstServed() throws Exception {
    for (Scheduling scheduling : List.of(Scheduling.TWO_LANE, Scheduling.FIFO)) {
      start(scheduling);
      measureUnderIngest(scheduling);
      if (scheduling == Scheduling.TWO_LANE) {
        node.close();
      }
    }
  }

  private void measureUnderIngest(Scheduling scheduling) throws Exception {
    List<String> texts = documents(1);
    indexInParallel("warm", texts);
    assertEquals(200, node.update("load", "commit=true", "[]").statusCode());
    AtomicBoolean stop = new AtomicBoolean();
    List<Future<?>> ingest = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      String prefix = "c" + client + "-";
      ingest.add(
          clients.submit(
              () -> {
                for (int round = 0; !stop.get(); round++) {
                  String mark = prefix + round + " ";
                  index(prefix + round, texts.stream().map(text -> mark + text).toList());
                }
                return null;
              }));
    }
    List<Double> millis = new ArrayList<>();
    long end = System.nanoTime() + 30_000_000_000L;
    for (int query = 0; System.nanoTime() < end; query++) {
      String text = "claim " + query;
      double time = 1000 * seconds(() -> search(text));
      if (query >= 1) {
        millis.add(time);
      }
    }
    stop.set(true);
    ServingMetrics metrics = service.metrics();
    double[] sorted = millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    print(
        "%s: %d queries under ingest over HTTP: p50 %.0f ms, p99 %.0f ms; in the queue p99 %.0f ms; steps p50 %.0f, p99 %.0f, longest %.0f ms; target of a document step %.0f ms; %.0f tokens/s",
        scheduling,
        sorted.length,
        sorted[sorted.length / 2],
        sorted[(int) Math.ceil(0.99 * sorted.length) - 1],
        metrics.timings().queryQueue().quantile(0.99),
        metrics.timings().step().quantile(0.5),
        metrics.timings().step().quantile(0.99),
        metrics.timings().step().max(),
        metrics.sizing().documentStepMillis(),
        metrics.work().tokensPerSecond());
    for (Future<?> done : ingest) {
      done.get();
    }
    print("%s: slowest queries %s", scheduling, Arrays.toString(tail(sorted)));
  }

  private static long[] tail(double[] sorted) {
    return Arrays.stream(sorted)
        .skip(Math.max(0, sorted.length - 8))
        .mapToLong(Math::round)
        .toArray();
  }
}

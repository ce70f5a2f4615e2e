/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.ModelsFile;
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
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Solr in a process of its own, with the model {@code mini} and a heap of 512 MB, that is filled
 * and searched at once with texts of 1 to 256 words for {@code -Dllm2vec.mixed.minutes=N}. Prints
 * the memory of the process every minute, and fails if what is not a mapped file grows after two
 * fifths of the time. The environment has no variable for glibc's memory, as Solr's has none.
 */
@EnabledIfSystemProperty(named = "llm2vec.mixed.minutes", matches = "\\d+")
class MixedLoadTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MINUTES = Integer.getInteger("llm2vec.mixed.minutes", 0);
  private static final long SEED = Long.getLong("llm2vec.seed", 14);
  private static final int WORDS = 256;
  private static final int QUERY_WORDS = 32;
  private static final int IDS = 5000;
  private static final int BATCH = 50;
  private static final double GROWTH = 1.05;

  @TempDir private Path folder;

  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong indexed = new AtomicLong();
  private final AtomicLong served = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  /** The Solr that is watched: prints its address, and runs until its input ends. */
  static final class Node {

    private Node() {}

    public static void main(String[] arguments) throws Exception {
      try (SolrNode node = SolrNode.start(Path.of(arguments[0]))) {
        node.createCore("mixed", Map.of("llm2vec.dims", "512"));
        System.out.println(node.url());
        while (System.in.read() >= 0) {
          // Nothing is said; the end counts.
        }
      }
      Runtime.getRuntime().exit(0);
    }
  }

  @Test
  void memoryStaysFlat() throws Exception {
    Files.writeString(
        folder.resolve(ModelsFile.NAME), "{\"models\": {\"default\": {\"model\": \"mini\"}}}");
    ProcessBuilder command =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms512m",
            "-Xmx512m",
            // So that the heap does not grow and what grows is outside of it.
            "-XX:+AlwaysPreTouch",
            "-Dsolr.log.dir=" + folder.resolve("logs"),
            "-cp",
            System.getProperty("java.class.path"),
            Node.class.getName(),
            folder.toString());
    command.environment().keySet().removeIf(name -> name.startsWith("MALLOC_"));
    command.redirectError(folder.resolve("errors").toFile());
    Process node = command.start();
    try (BufferedReader output =
        new BufferedReader(new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8))) {
      String url = output.readLine();
      assertTrue(url != null, () -> "no Solr; see " + folder.resolve("errors"));
      watch(node.pid(), url);
    } finally {
      node.getOutputStream().close();
      if (!node.waitFor(1, TimeUnit.MINUTES)) {
        node.destroyForcibly();
      }
    }
  }

  private void watch(long pid, String url) throws Exception {
    List<String> words = new ArrayList<>();
    for (SciFact.Abstract document : SciFact.documents(1000)) {
      words.addAll(Arrays.asList(document.source().split("\\s+", -1)));
    }
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
    ExecutorService clients = Executors.newCachedThreadPool();
    List<Future<Void>> running = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      Random random = new Random(SEED + client);
      Callable<Void> run =
          client < 2 ? () -> index(url, words, random, end) : () -> search(url, words, random, end);
      running.add(clients.submit(run));
    }
    clients.shutdown();
    long before = 0;
    for (int minute = 1; minute <= MINUTES; minute++) {
      boolean over = clients.awaitTermination(1, TimeUnit.MINUTES);
      for (Future<Void> client : running) {
        if (client.isDone()) {
          client.get();
        }
      }
      long own = kilobytes(pid, "RssAnon");
      System.err.printf(
          "MIXED minute %d: resident %d MB, of it files %d MB, the rest %d MB;"
              + " %d documents, %d queries, %d refused%n",
          minute,
          kilobytes(pid, "VmRSS") >> 10,
          kilobytes(pid, "RssFile") >> 10,
          own >> 10,
          indexed.get(),
          served.get(),
          refused.get());
      if (minute == Math.max(1, 2 * MINUTES / 5)) {
        before = own;
      }
      if (over) {
        break;
      }
    }
    long after = kilobytes(pid, "RssAnon");
    assertTrue(after <= GROWTH * before, before + " kB have become " + after);
  }

  private Void index(String url, List<String> words, Random random, long end) throws Exception {
    for (int request = 0; System.nanoTime() < end; request++) {
      List<Map<String, String>> documents = new ArrayList<>();
      for (int i = 0; i < BATCH; i++) {
        documents.add(Map.of("id", "" + random.nextInt(IDS), "text", text(words, random, WORDS)));
      }
      String commit = request % 20 == 0 ? "?commit=true" : "";
      HttpRequest update =
          HttpRequest.newBuilder(URI.create(url + "/mixed/update" + commit))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(documents)))
              .build();
      HttpResponse<String> response = http.send(update, HttpResponse.BodyHandlers.ofString());
      assertEquals(200, response.statusCode(), response.body());
      indexed.addAndGet(BATCH);
    }
    return null;
  }

  private Void search(String url, List<String> words, Random random, long end) throws Exception {
    while (System.nanoTime() < end) {
      String query =
          "/mixed/select?fl=id&rows=10&q=%7B!llm2vec%20f=vector%20v=$qq%7D&qq="
              + URLEncoder.encode(text(words, random, QUERY_WORDS), StandardCharsets.UTF_8);
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + query)).build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      // 429 if too much waits, 503 if it took too long or the model is still being opened.
      if (response.statusCode() == 429 || response.statusCode() == 503) {
        refused.incrementAndGet();
      } else {
        assertEquals(200, response.statusCode(), response.body());
        served.incrementAndGet();
      }
    }
    return null;
  }

  private static String text(List<String> words, Random random, int most) {
    int count = 1 + random.nextInt(most);
    int from = random.nextInt(words.size() - count);
    return String.join(" ", words.subList(from, from + count));
  }

  private static long kilobytes(long pid, String name) throws Exception {
    Pattern line = Pattern.compile(name + ":\\s+(\\d+) kB");
    Matcher found = line.matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
    assertTrue(found.find(), name);
    return Long.parseLong(found.group(1));
  }
}

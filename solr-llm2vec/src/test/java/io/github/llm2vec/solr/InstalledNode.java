/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/**
 * Runs in a JVM that has Solr on its class path but none of our classes: those come as a module or
 * a shared library, as in a real installation. Ends with 0 if two cores index and search with one
 * model, reloads included.
 */
final class InstalledNode {

  private static final int RELOADS = Integer.getInteger("llm2vec.reloads", 3);

  private final HttpClient http = HttpClient.newHttpClient();
  private final JettySolrRunner jetty;

  private InstalledNode(JettySolrRunner jetty) {
    this.jetty = jetty;
  }

  /** The argument is the Solr home; cores "one" and "two" have their configuration there. */
  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    JettySolrRunner jetty =
        new JettySolrRunner(
            home.toString(), JettyConfig.builder().setPort(0).withSSLConfig(null).build());
    jetty.start();
    try {
      new InstalledNode(jetty).run(home);
    } finally {
      jetty.stop();
    }
    // Threads of native libraries must not keep the JVM.
    Runtime.getRuntime().exit(0);
  }

  private void run(Path home) throws Exception {
    for (String core : new String[] {"one", "two"}) {
      jetty
          .getCoreContainer()
          .create(core, home.resolve(core), Map.of("llm2vec.dims", "64"), false);
      indexAndSearch(core, 0);
    }
    for (int reload = 1; reload <= RELOADS; reload++) {
      for (String core : new String[] {"one", "two"}) {
        jetty.getCoreContainer().reload(core);
        indexAndSearch(core, reload);
      }
      report(reload);
    }
    expect("\"openModels\":1", get("/two/llm2vec?indent=false"));
    expect("\"cores\":2", get("/two/llm2vec?indent=false"));
  }

  private void indexAndSearch(String core, int id) throws Exception {
    String text = "once upon a time there were " + id + " dogs in " + core;
    HttpRequest update =
        HttpRequest.newBuilder(uri("/" + core + "/update?commit=true"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "[{\"id\":\"%d\",\"text\":\"%s\"}]".formatted(id, text)))
            .build();
    expect("\"status\":0", send(update));
    String query = "/select?fl=id&rows=1&q=%7B!llm2vec%20f=vector%20v=$qq%7D&indent=false&qq=";
    expect("\"docs\":[{\"id\":\"" + id + "\"", get("/" + core + query + text.replace(" ", "%20")));
  }

  /** Memory after collecting garbage: classes that a reload leaves behind would be seen here. */
  private static void report(int reload) throws Exception {
    Path status = Path.of("/proc/self/status");
    if (reload % 25 == 0 && Files.exists(status)) {
      System.gc();
      String resident =
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith("VmRSS"))
              .findFirst()
              .orElse("");
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 10;
      int classes = ManagementFactory.getClassLoadingMXBean().getLoadedClassCount();
      System.err.println(
          "reloads of each core: %d, %s, heap %d kB, %d classes"
              .formatted(reload, resident, heap, classes));
    }
  }

  private static void expect(String part, String body) {
    if (!body.contains(part)) {
      throw new AssertionError("expected " + part + " in " + body);
    }
  }

  private String get(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)).build());
  }

  private URI uri(String path) {
    return URI.create(jetty.getBaseUrl() + path);
  }

  private String send(HttpRequest request) throws Exception {
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}

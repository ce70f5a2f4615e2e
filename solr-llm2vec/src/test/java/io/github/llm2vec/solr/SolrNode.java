/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.node.EncoderFactory;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/** A real Solr over HTTP, on a port of its own, whose models are fakes. */
public final class SolrNode implements AutoCloseable {

  /** The configset that users start from. */
  public static final Path BASIC = example("basic");

  /** What takes longer hangs. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Changes that make an example keep its vectors as Solr's stored fields, without copies of them
   * and without the consistency processor.
   */
  static final Map<String, String> STORED_VECTORS =
      Map.of(
          "type=\"vector\" indexed=\"true\" stored=\"false\"",
          "type=\"vector\" indexed=\"true\" stored=\"true\"",
          "<field name=\"vector_copy\" type=\"binary\" indexed=\"false\" stored=\"true\"/>",
          "",
          "<processor class=\"io.github.llm2vec.solr.Llm2VecGuardUpdateProcessorFactory\"/>",
          "");

  private final Path home;
  private final JettySolrRunner jetty;
  private final HttpClient http = HttpClient.newHttpClient();

  private SolrNode(Path home, JettySolrRunner jetty) {
    this.home = home;
    this.jetty = jetty;
  }

  /** A configset of the examples. */
  public static Path example(String name) {
    return Path.of("..", "solr-config-examples", name, "conf");
  }

  /** Starts a node with one model, "default", that is opened at once in the asking thread. */
  public static SolrNode start(Path home, EncoderFactory factory) throws Exception {
    return start(home, factory, 1 << 20);
  }

  /** Starts such a node with a cache for vectors of queries that has so many bytes. */
  public static SolrNode start(Path home, EncoderFactory factory, long queryCacheBytes)
      throws Exception {
    return start(home, registry(home, factory, queryCacheBytes));
  }

  /** One model, "default", that is opened at once in the asking thread. */
  static EncoderRegistry registry(Path home, EncoderFactory factory, long queryCacheBytes) {
    ModelsFile models =
        new ModelsFile(
            home.resolve(ModelsFile.NAME),
            Map.of("default", ModelDeclaration.of("default", "fake")),
            queryCacheBytes);
    return new EncoderRegistry(models, factory, Runnable::run);
  }

  /** Starts a node with a registry. */
  public static SolrNode start(Path home, EncoderRegistry registry) throws Exception {
    SolrNode node = start(home);
    EncoderRegistry.install(node.container(), registry);
    return node;
  }

  /** Gives a node of a cluster the models "default" and "small". */
  static void install(JettySolrRunner node, EncoderFactory factory) {
    ModelsFile models =
        new ModelsFile(
            Path.of(node.getSolrHome(), ModelsFile.NAME),
            Map.of(
                "default", ModelDeclaration.of("default", "fake"),
                "small", ModelDeclaration.of("small", "fake")),
            1 << 20);
    EncoderRegistry.install(
        node.getCoreContainer(), new EncoderRegistry(models, factory, Runnable::run));
  }

  /** Starts a node that finds its models as a real one does. */
  public static SolrNode start(Path home) throws Exception {
    return start(home, 0);
  }

  /** Starts such a node at a port; 0 stands for any. */
  static SolrNode start(Path home, int port) throws Exception {
    Files.writeString(home.resolve("solr.xml"), "<solr></solr>");
    JettySolrRunner jetty =
        new JettySolrRunner(
            home.toString(), JettyConfig.builder().setPort(port).withSSLConfig(null).build());
    jetty.start();
    return new SolrNode(home, jetty);
  }

  /** Folder of its configuration and its cores. */
  Path home() {
    return home;
  }

  public CoreContainer container() {
    return jetty.getCoreContainer();
  }

  /** Address of the node, ending in /solr. */
  public String url() {
    return jetty.getBaseUrl().toString();
  }

  /** Makes a core of the basic example. */
  public void createCore(String name, Map<String, String> properties) throws IOException {
    createCore(name, properties, Map.of());
  }

  /** Makes a core of the basic example after changes to the text of its files. */
  public void createCore(String name, Map<String, String> properties, Map<String, String> changes)
      throws IOException {
    createCore(name, BASIC, properties, changes);
  }

  /** Makes a core of any example after changes to the text of its files. */
  public void createCore(
      String name, Path example, Map<String, String> properties, Map<String, String> changes)
      throws IOException {
    Path instance = home.resolve(name);
    copy(example, instance.resolve("conf"), changes);
    container().create(name, instance, properties, false);
  }

  /** Copies a configset with changes to the text of its files. */
  static void copy(Path example, Path to, Map<String, String> changes) throws IOException {
    copy(example, to);
    for (Map.Entry<String, String> change : changes.entrySet()) {
      boolean found = false;
      for (String file : List.of("schema.xml", "solrconfig.xml")) {
        Path path = to.resolve(file);
        String text = Files.readString(path);
        found |= text.contains(change.getKey());
        Files.writeString(path, text.replace(change.getKey(), change.getValue()));
      }
      if (!found) {
        throw new IllegalArgumentException("no file of the example holds " + change.getKey());
      }
    }
  }

  /** Copies a folder of files. */
  public static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      files.forEach(
          file -> {
            try {
              Files.copy(file, to.resolve(file.getFileName().toString()));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  public HttpResponse<String> get(String pathAndQuery) throws Exception {
    return send(HttpRequest.newBuilder(URI.create(url() + pathAndQuery)).build());
  }

  public HttpResponse<String> post(String path, String contentType, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create(url() + path))
            .header("Content-Type", contentType)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  /** Starts a reload of the model "default". */
  public HttpResponse<String> reloadModel(String core) throws Exception {
    return post(
        "/" + core + "/llm2vec",
        "application/x-www-form-urlencoded",
        "action=reload&model=default");
  }

  /** What a search finds; the parameters go as they are. */
  public JsonNode select(String core, Map<String, ?> params) throws Exception {
    HttpResponse<String> response = trySelect(core, params);
    if (response.statusCode() != 200) {
      throw new AssertionError(response.body());
    }
    return JSON.readTree(response.body());
  }

  /** The answer to a search, whatever it is. */
  public HttpResponse<String> trySelect(String core, Map<String, ?> params) throws Exception {
    return post(
        "/" + core + "/select",
        "application/json",
        JSON.writeValueAsString(Map.of("params", params)));
  }

  /** The indexed vectors of all documents of a core that can be found, by id. */
  Map<String, float[]> vectors(String core) throws IOException {
    try (SolrCore open = container().getCore(core)) {
      return UpdatingCore.vectors(open, "vector");
    }
  }

  /** The answer to an update in JSON, whatever it is. */
  public HttpResponse<String> update(String core, String parameters, String json) throws Exception {
    return post("/" + core + "/update?" + parameters, "application/json", json);
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return http.send(
        HttpRequest.newBuilder(request, (name, value) -> true).timeout(PATIENCE).build(),
        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    try {
      jetty.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the test's node does not stop", e);
    }
  }

  /** Lets nodes write backups to any folder, by the names of the property in Solr 9 and 10. */
  static void allowBackupsAnywhere() {
    System.setProperty("solr.allowPaths", "*");
    System.setProperty("solr.security.allow.paths", "*");
  }
}

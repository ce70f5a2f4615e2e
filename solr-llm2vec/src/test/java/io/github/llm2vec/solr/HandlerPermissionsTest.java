/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Every action by every HTTP method, in every role and by every way in, against the security.json
 * of the documentation: an action is carried out for its role on the handler's own path alone, and
 * a change by POST alone. Two nodes, so that parts of a request travel.
 */
@SuppressSSL(bugUrl = "the test is about permissions")
public class HandlerPermissionsTest extends SolrCloudTestCase {

  private static final Path SECURITY =
      Path.of("..", "solr-config-examples", "security", "security.json");
  private static final String PASSWORD = "change-me-at-once";
  private static final List<String> METHODS =
      List.of("GET", "POST", "FORM", "PUT", "DELETE", "HEAD");

  /** Permissions by role, as the file grants them. */
  private static final Map<String, Set<String>> ROLES =
      new TreeMap<>(
          Map.of(
              "", Set.of(),
              "searcher", Set.of("encode"),
              "indexer", Set.of("encode"),
              "monitor", Set.of("status", "health", "mappings", "reembed_status"),
              "admin",
                  Set.of("status", "health", "mappings", "encode", "reload", "reembed_status")));

  private static final Map<String, String> PARAMETERS =
      Map.of(
          "status", "action=status",
          "health", "action=health",
          "mappings", "action=mappings",
          "encode", "action=encode&model=default&text=words",
          "reembed_status", "action=reembed_status&field=vector&to=vector2",
          "reload", "action=reload&model=default");

  /** What shows in an answer that an action was carried out. */
  private static final Map<String, String> SIGNS =
      Map.of(
          "status", "\"fingerprint\"",
          "health", "\"status\":\"OK\"",
          "mappings", "\"mappings\":",
          "encode", "\"vector\":",
          "reembed_status", "\"reembed\":",
          "reload", "\"reload\":");

  private static final AtomicInteger OPENED = new AtomicInteger();
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeClass
  public static void startCluster() throws Exception {
    configureCluster(2)
        .addConfig("basic", SolrNode.BASIC)
        .withSecurityJson(Files.readString(SECURITY))
        .configure();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      ModelsFile models =
          new ModelsFile(
              createTempDir().resolve(ModelsFile.NAME),
              Map.of("default", ModelDeclaration.of("default", "fake")),
              1 << 20);
      EncoderRegistry.install(
          node.getCoreContainer(),
          new EncoderRegistry(models, HandlerPermissionsTest::open, Runnable::run));
    }
    CollectionAdminRequest.createCollection("papers", "basic", 2, 1)
        .withProperty("llm2vec.dims", "16")
        .setBasicAuthCredentials("admin", PASSWORD)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection("papers", 2, 2);
  }

  private static EncoderService open(ModelDeclaration declaration) {
    OPENED.incrementAndGet();
    return new FakeBatchModel(16).service();
  }

  /** A way in: where the request goes, and its parameters made of those of the action. */
  private record Way(String name, String path, String parameters) {}

  private static List<Way> ways(String action, String shards) {
    String plain = PARAMETERS.get(action);
    String hidden = plain.replace("action=" + action, "");
    String asJson = "{\"params\":{\"action\":\"" + action + "\"}}";
    List<Way> ways = new ArrayList<>();
    ways.add(new Way("direct", "/llm2vec", plain));
    ways.add(new Way("as a shard", "/llm2vec", plain + "&isShard=true"));
    ways.add(new Way("not as a shard", "/llm2vec", plain + "&isShard=false"));
    ways.add(new Way("qt", "/select", plain + "&q=*:*&qt=/llm2vec"));
    ways.add(new Way("own qt", "/llm2vec", plain + "&qt=/llm2vec"));
    ways.add(new Way("shards.qt", "/select", plain + "&q=*:*&shards.qt=/llm2vec"));
    ways.add(
        new Way(
            "shards",
            "/select",
            plain + "&q=*:*&shards.qt=/llm2vec&qt=/llm2vec&shards=" + encode(shards)));
    ways.add(new Way("ping", "/admin/ping", hidden + "&qt=/llm2vec"));
    ways.add(new Way("macro", "/llm2vec", hidden + "&x=" + action + "&action=" + encode("${x}")));
    ways.add(
        new Way("macro default", "/llm2vec", hidden + "&action=" + encode("${x:" + action + "}")));
    ways.add(new Way("json", "/llm2vec", hidden + "&json=" + encode(asJson)));
    ways.add(
        new Way(
            "json over another action",
            "/llm2vec",
            hidden + "&action=health&json=" + encode(asJson)));
    ways.add(new Way("twice", "/llm2vec", "action=health&" + plain));
    ways.add(new Way("v2", "v2", plain));
    ways.add(
        new Way(
            "stream",
            "/stream",
            "expr="
                + encode(
                    "search(papers,q=\"*:*\",fl=\"id\",sort=\"id asc\",qt=\"/llm2vec\","
                        + plain.replace("&", "\",").replace("=", "=\"")
                        + "\")")));
    return ways;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  public void actionsAreCarriedOutForTheirRoleOnTheirOwnPathAlone() throws Exception {
    List<String> wrong = new ArrayList<>();
    int tried = 0;
    String base = cluster.getJettySolrRunner(0).getBaseUrl().toString();
    String shards = base.replace("http://", "") + "/papers";
    for (String action : PARAMETERS.keySet()) {
      for (Way way : ways(action, shards)) {
        for (Map.Entry<String, Set<String>> role : ROLES.entrySet()) {
          for (String method : METHODS) {
            boolean allowed =
                (way.name().equals("direct") || isHealthAnyway(way, action))
                    && role.getValue().contains(action)
                    && (action.equals("reload")
                        ? method.equals("POST") || method.equals("FORM")
                        : method.equals("GET")
                            || method.equals("POST")
                            || method.equals("FORM")
                            || method.equals("HEAD"));
            String found = outcome(base, way, method, role.getKey(), action, allowed);
            tried++;
            if (!found.isEmpty()) {
              wrong.add(
                  "%s, %s, as '%s', %s: %s"
                      .formatted(action, method, role.getKey(), way.name(), found));
            }
          }
        }
      }
    }
    assertEquals(tried + " tried", List.of(), wrong);
  }

  private static boolean isHealthAnyway(Way way, String action) {
    return action.equals("health") && way.parameters().contains("action=health&json");
  }

  /** What is wrong, or "". */
  private String outcome(
      String base, Way way, String method, String role, String action, boolean allowed)
      throws Exception {
    int before = OPENED.get();
    HttpResponse<String> response = send(base, way, method, role);
    boolean reloaded = OPENED.get() > before;
    boolean done =
        action.equals("reload")
            ? reloaded
            : response.statusCode() == 200
                && ((method.equals("HEAD")
                        && (way.name().equals("direct") || isHealthAnyway(way, action)))
                    || response.body().contains(SIGNS.get(action)));
    if (reloaded && !action.equals("reload")) {
      return "reloaded";
    }
    if (allowed != done) {
      return (done ? "carried out: " : "refused: ") + response.statusCode() + " " + response.body();
    }
    // There it is the other action that is carried out, for those who may.
    boolean other = way.parameters().contains("action=health&json");
    return !allowed && way.path().equals("/llm2vec") && !other && response.statusCode() < 400
        ? "refused with " + response.statusCode() + " " + response.body()
        : "";
  }

  private HttpResponse<String> send(String base, Way way, String method, String role)
      throws Exception {
    String parameters = way.parameters() + "&wt=json&indent=false";
    String url =
        way.path().equals("v2")
            ? base.replace("/solr", "/api") + "/collections/papers/llm2vec"
            : base + "/papers" + way.path();
    HttpRequest.Builder request =
        method.equals("FORM")
            ? HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(parameters))
            : HttpRequest.newBuilder(URI.create(url + "?" + parameters))
                .method(method, HttpRequest.BodyPublishers.noBody());
    if (!role.isEmpty()) {
      String credentials = role + ":" + PASSWORD;
      request.header(
          "Authorization",
          "Basic "
              + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}

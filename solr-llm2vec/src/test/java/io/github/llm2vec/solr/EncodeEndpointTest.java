/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.ByteArrayOutputStream;
import java.net.URI;
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
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.util.JavaBinCodec;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The endpoint by which nodes encode for each other, in a cluster with the security.json of the
 * documentation: nodes may use it on behalf of every user, and nobody else but the administrator.
 */
@SuppressSSL(bugUrl = "the test is about permissions")
public class EncodeEndpointTest extends SolrCloudTestCase {

  private static final Path SECURITY =
      Path.of("..", "solr-config-examples", "security", "security.json");
  private static final String PASSWORD = "change-me-at-once";
  private static final String PATH = "/admin/llm2vec/encode";
  private static final String JAVABIN = "application/javabin";

  private static EncodingCluster nodes;
  private static FakeBatchModel model;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeClass
  public static void startCluster() throws Exception {
    configureCluster(2)
        .addConfig("basic", SolrNode.BASIC)
        .withSecurityJson(Files.readString(SECURITY))
        .configure();
    nodes = new EncodingCluster(cluster);
    model = new FakeBatchModel(16);
    nodes.serve(0, model);
    nodes.ask(1);
    CollectionAdminRequest.createCollection("papers", "basic", 2, 1)
        .withProperty("llm2vec.dims", "16")
        .setBasicAuthCredentials("admin", PASSWORD)
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection("papers", 2, 2);
    nodes.awaitReady(1);
  }

  private HttpResponse<String> send(int node, String method, String path, String user, byte[] body)
      throws Exception {
    return send(node, method, path, user, JAVABIN, body);
  }

  private HttpResponse<String> send(
      int node, String method, String path, String user, String type, byte[] body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(nodes.runner(node).getBaseUrl() + path))
            .timeout(SolrNode.PATIENCE)
            .header("Content-Type", type)
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    if (!user.isEmpty()) {
      String credentials = user + ":" + PASSWORD;
      request.header(
          "Authorization",
          "Basic "
              + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static byte[] javabin(Map<String, Object> map) throws Exception {
    try (JavaBinCodec codec = new JavaBinCodec();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
      codec.marshal(map, bytes);
      return bytes.toByteArray();
    }
  }

  private static byte[] encode(String fingerprint) throws Exception {
    return javabin(
        Map.of(
            "call",
            "encode",
            "model",
            "default",
            "role",
            "document",
            "instruction",
            "",
            "patience",
            0L,
            "texts",
            List.of("free of charge"),
            "identity",
            Map.of(
                "fingerprint",
                fingerprint,
                "dimensions",
                16,
                "dtype",
                "",
                "tokenizer",
                "",
                "normalize",
                true,
                "pooling",
                "",
                "queryInstruction",
                "",
                "documentInstruction",
                "")));
  }

  /** The users have no permission for the endpoint; the node that asks has. */
  @Test
  public void usersIndexAndSearchThroughANodeWithoutTheModel() throws Exception {
    byte[] document = "[{\"id\":\"1\",\"text\":\"some words\"}]".getBytes(StandardCharsets.UTF_8);
    HttpResponse<String> update =
        send(1, "POST", "/papers/update?commit=true", "indexer", "application/json", document);
    assertEquals(update.body(), 200, update.statusCode());
    HttpResponse<String> query =
        send(
            1,
            "POST",
            "/papers/select",
            "searcher",
            "application/json",
            "{\"params\":{\"q\":\"{!llm2vec f=vector}other words\"}}"
                .getBytes(StandardCharsets.UTF_8));
    assertEquals(query.body(), 200, query.statusCode());
    assertTrue(model.texts().containsAll(List.of("some words", "other words")));
  }

  @Test
  public void nobodyElseIsAnswered() throws Exception {
    String fingerprint = model.fingerprint();
    List<String> wrong = new ArrayList<>();
    model.forget();
    for (String path :
        List.of(
            PATH,
            PATH + "/",
            PATH + "?qt=/llm2vec",
            PATH + "?isShard=true",
            PATH + "?action=encode",
            "/papers" + PATH,
            "/papers/select?q=*:*&qt=" + PATH,
            "/papers/llm2vec?qt=" + PATH,
            "/papers/select?q=*:*&isShard=true&shards.qt=" + PATH)) {
      for (String user : List.of("", "searcher", "indexer", "monitor")) {
        for (String method : List.of("POST", "GET", "PUT", "DELETE")) {
          for (int node : List.of(0, 1)) {
            HttpResponse<String> response = send(node, method, path, user, encode(fingerprint));
            boolean encoded = response.body().contains("reply") || !model.texts().isEmpty();
            if (encoded || (path.startsWith(PATH) && response.statusCode() < 400)) {
              wrong.add(method + " " + path + " by '" + user + "': " + response.statusCode());
            }
            model.forget();
          }
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  @Test
  public void onlyAPostOfAKnownCallIsTaken() throws Exception {
    byte[] call = encode(model.fingerprint());
    assertEquals(200, send(0, "POST", PATH, "admin", call).statusCode());
    assertEquals(405, send(0, "GET", PATH, "admin", call).statusCode());
    // Solr itself may refuse it first.
    assertTrue(send(0, "PUT", PATH, "admin", call).statusCode() >= 400);
    assertEquals(400, send(0, "POST", PATH, "admin", new byte[0]).statusCode());
    assertEquals(400, send(0, "POST", PATH, "admin", new byte[] {2, 77, 1, 0}).statusCode());
    assertEquals(400, send(0, "POST", PATH, "admin", "text/plain", call).statusCode());
    for (Map<String, Object> other :
        List.<Map<String, Object>>of(
            Map.of(),
            Map.of("call", "reload", "model", "default"),
            Map.of("call", "encode", "model", "default", "url", "http://example.org/solr"))) {
      HttpResponse<String> refused = send(0, "POST", PATH, "admin", javabin(other));
      assertEquals(refused.body(), 400, refused.statusCode());
    }
    HttpResponse<String> swapped = send(0, "POST", PATH, "admin", encode("0b"));
    assertEquals(200, swapped.statusCode());
    assertTrue(swapped.body().contains("OTHER_MODEL"));
    // What a node has others encode it does not hand on.
    HttpResponse<String> passedOn = send(1, "POST", PATH, "admin", call);
    assertTrue(passedOn.body().contains("NOT_SERVED"));
  }
}

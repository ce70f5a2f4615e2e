/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.util.TimeOut;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The change of model in a cluster that asks for names and passwords, by command and by handler.
 */
class ReembedPermissionsTest {

  private static final Path SECURITY =
      Path.of("..", "solr-config-examples", "security", "security.json");
  private static final String PASSWORD = "change-me-at-once";

  @TempDir private Path folder;
  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void changeIsMadeForThoseWhoMay() throws Exception {
    ReembedCluster solr = new ReembedCluster(folder);
    try {
      Map<String, String> texts = new TreeMap<>();
      for (String name : List.of("command", "handler")) {
        solr.create(name, Map.of());
        List<SolrInputDocument> documents = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          documents.add(ReembedCluster.document("d" + i, "title", "number " + i));
          texts.put("d" + i, "title number " + i);
        }
        solr.add(0, name, documents);
        assertEquals(1, solr.reembed(name, "--model", "new", "--dimensions", "8"));
        solr.map(name, Map.of());
      }
      solr.secure(Files.readString(SECURITY));
      await(solr, "command", "", "reembed_status", 401);

      assertEquals(1, solr.reembed("command"));
      assertTrue(solr.runner.err().contains("401"), solr.runner.err());
      solr.runner.with("LLM2VEC_SOLR_AUTH", "monitor:" + PASSWORD);
      assertEquals(1, solr.reembed("command"));
      assertTrue(solr.runner.err().contains("403"), solr.runner.err());
      solr.runner.with("LLM2VEC_SOLR_AUTH", "admin:" + PASSWORD);
      assertEquals(0, solr.reembed("command"), solr.runner.err() + solr.runner.out());
      assertEquals(0, solr.reembed("command", "--switch", "--min-overlap", "0"));
      assertEquals(0, solr.reembed("command", "--rollback"));

      for (String role : List.of("searcher", "indexer", "monitor")) {
        assertEquals(403, ask(solr, "handler", role, "reembed").statusCode());
      }
      assertEquals(403, ask(solr, "handler", "searcher", "reembed_status").statusCode());
      assertEquals(200, ask(solr, "handler", "monitor", "reembed_status").statusCode());
      HttpResponse<String> started = ask(solr, "handler", "admin", "reembed");
      assertEquals(200, started.statusCode(), started.body());
      new TimeOut(2, TimeUnit.MINUTES, TimeSource.NANO_TIME)
          .waitFor(
              "the job ends",
              () -> ask(solr, "handler", "monitor", "reembed_status").body().contains("\"DONE\""));
      HttpResponse<String> checked = ask(solr, "handler", "searcher", "reembed_check");
      assertTrue(checked.body().contains("\"complete\":true"), checked.body());

      solr.secure("{}");
      await(solr, "handler", "", "reembed_status", 200);
      solr.assertVectors("command", texts);
      solr.assertVectors("handler", texts);
    } finally {
      solr.close();
    }
  }

  /** Waits until both nodes have heard of other rules. */
  private void await(ReembedCluster solr, String collection, String user, String action, int status)
      throws Exception {
    for (int node = 0; node < 2; node++) {
      String url = solr.url(node);
      new TimeOut(2, TimeUnit.MINUTES, TimeSource.NANO_TIME)
          .waitFor(
              url + " answers " + status,
              () -> send(url, collection, user, action).statusCode() == status);
    }
  }

  private HttpResponse<String> ask(
      ReembedCluster solr, String collection, String user, String action) {
    return send(solr.url(1), collection, user, action);
  }

  private HttpResponse<String> send(String url, String collection, String user, String action) {
    String path = "/llm2vec?field=vector&to=vector2&indent=false&action=";
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + "/" + collection + path + action))
            .POST(HttpRequest.BodyPublishers.noBody());
    if (!user.isEmpty()) {
      byte[] credentials = (user + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
    }
    return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).join();
  }
}

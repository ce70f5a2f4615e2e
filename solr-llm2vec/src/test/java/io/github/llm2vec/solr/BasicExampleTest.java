/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The steps that the README of the examples shows, as a user would take them. */
class BasicExampleTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void stepsOfTheReadmeWork(@TempDir Path home) throws Exception {
    FakeBatchModel encoder = new FakeBatchModel(24);
    try (SolrNode node = SolrNode.start(home, model -> encoder.service())) {
      SolrNode.copy(SolrNode.BASIC, home.resolve("papers/conf"));
      assertAccepted(
          node.get(
              "/admin/cores?action=CREATE&name=papers&instanceDir=papers&property.llm2vec.dims=24"));
      assertAccepted(
          node.post(
              "/papers/update?commit=true",
              "application/json",
              "[{\"id\":\"1\",\"title\":\"Gigantism\","
                  + "\"text\":\"Mutations of AIP cause familial gigantism.\"}]"));
      assertAccepted(node.get("/admin/cores?action=RELOAD&core=papers"));
      HttpResponse<String> found =
          node.post(
              "/papers/select",
              "application/json",
              "{\"query\":\"{!llm2vec f=vector topK=10 v=$qq}\","
                  + "\"params\":{\"qq\":\"which genes make people tall\"}}");
      assertAccepted(found);
      JsonNode document = JSON.readTree(found.body()).at("/response/docs/0");
      assertEquals("Gigantism", document.get("title").asText());
      assertTrue(document.has("score"));
      assertTrue(!document.has("vector"), "vectors are not sent unless asked for");
    }
  }

  private static void assertAccepted(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.common.SolrInputDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a client speaks over HTTP, the same text gets the same vector. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpdateFormatTest {

  private static final List<String> CLIENTS = List.of("json", "xml", "csv", "javabin", "stream");

  private final FakeBatchModel encoder = new FakeBatchModel(16);
  private SolrNode node;
  private String name;
  private UpdatingCore core;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void createCore(TestInfo test) throws Exception {
    name = test.getTestMethod().orElseThrow().getName();
    core = UpdatingCore.create(node, name, Map.of(), Map.of("<str name=\"model\">small</str>", ""));
    encoder.forget();
  }

  @Test
  void allFormatsGiveTheSameVectors() throws Exception {
    post(
        "application/json",
        """
        [{"id":"json-1","title":"ein Titel","text":"a < b & \\"c\\"","tags":["x","y"]},
         {"id":"json-2","text":"only text","number":7}]""");
    post(
        "text/xml",
        """
        <add><doc><field name="id">xml-1</field><field name="title">ein Titel</field>
        <field name="text">a &lt; b &amp; "c"</field><field name="tags">x</field>
        <field name="tags">y</field></doc>
        <doc><field name="id">xml-2</field><field name="text">only text</field>
        <field name="number">7</field></doc></add>""");
    post(
        "text/csv",
        """
        id,title,text,tags,tags,number
        csv-1,ein Titel,"a < b & ""c""\",x,y,
        csv-2,,only text,,,7
        """);
    try (SolrClient client = TestRelease.client(node.url())) {
      UpdateRequest update = new UpdateRequest();
      documents("javabin").forEach(update::add);
      update.process(client, name);
    }
    TestRelease.stream(node.url(), name, documents("stream"));
    core.commit();
    assertVectors("1", "ein Titel a < b & \"c\"");
    assertVectors("2", "only text 7");
    float[] tags = core.vectors("tag_vector").get("json-1");
    for (String client : CLIENTS) {
      assertArrayEquals(tags, core.vectors("tag_vector").get(client + "-1"), 0f, client);
    }
    assertEquals(
        CLIENTS.size() * 3, encoder.texts().size(), "two texts and one list of tags each, once");
  }

  @Test
  void atomicUpdatesOfAllFormatsGiveTheSameVectors() throws Exception {
    for (String client : CLIENTS) {
      core.acceptUncommitted("[{\"id\":\"" + client + "-1\",\"text\":\"stays\"}]");
    }
    post("application/json", "[{\"id\":\"json-1\",\"title\":{\"set\":\"new\"}}]");
    post(
        "text/xml",
        "<add><doc><field name=\"id\">xml-1</field>"
            + "<field name=\"title\" update=\"set\">new</field></doc></add>");
    // CSV has no operations.
    post("text/csv", "id,title,text\ncsv-1,new,stays\n");
    SolrInputDocument change = new SolrInputDocument("id", "javabin-1");
    change.setField("title", Map.of("set", "new"));
    SolrInputDocument streamed = new SolrInputDocument("id", "stream-1");
    streamed.setField("title", Map.of("set", List.of("new")));
    try (SolrClient client = TestRelease.client(node.url())) {
      new UpdateRequest().add(change).add(streamed).process(client, name);
    }
    core.commit();
    assertVectors("1", "new stays");
  }

  @Test
  void processorThatARequestNamesEncodes() throws Exception {
    HttpResponse<String> response =
        node.update(
            name,
            "update.chain=plain&processor=titles",
            "[{\"id\":\"1\",\"title\":\"a title\",\"text\":\"a text\"}]");
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(List.of("a title"), encoder.texts());
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertArrayEquals(encoder.vector(" a title a text"), core.vectors("vector").get("1"), 0f);
  }

  private static List<SolrInputDocument> documents(String client) {
    SolrInputDocument first =
        new SolrInputDocument(
            "id", client + "-1", "title", "ein Titel", "text", "a < b & \"c\"", "tags", "x");
    first.addField("tags", "y");
    SolrInputDocument second = new SolrInputDocument("id", client + "-2", "text", "only text");
    second.setField("number", 7);
    return List.of(first, second);
  }

  private void post(String contentType, String body) throws Exception {
    HttpResponse<String> response = node.post("/" + name + "/update", contentType, body);
    assertEquals(200, response.statusCode(), response.body());
  }

  private void assertVectors(String number, String text) throws Exception {
    Map<String, float[]> vectors = core.vectors("vector");
    List<String> ids = new ArrayList<>(CLIENTS);
    ids.replaceAll(client -> client + "-" + number);
    for (String id : ids) {
      assertArrayEquals(encoder.vector(" " + text), vectors.get(id), 0f, id);
    }
  }
}

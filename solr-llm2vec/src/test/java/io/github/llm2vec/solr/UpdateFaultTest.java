/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.solr.common.SolrException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong with updates, and that nothing is lost over it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpdateFaultTest {

  private static final Map<String, String> ONE_MODEL =
      Map.of("<str name=\"model\">small</str>", "");

  private final FakeBatchModel encoder = new FakeBatchModel(16);
  private SolrNode node;
  private String name;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
    encoder.failFor("poison");
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void nameCore(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName();
    encoder.forget();
  }

  private UpdatingCore create() throws Exception {
    return UpdatingCore.create(node, name, Map.of(), ONE_MODEL);
  }

  @Test
  void schemaThatCannotTakeVectorsIsRefusedWhenTheCoreIsLoaded() {
    assertRefused(
        "<field name=\"vector\" type=\"vector\" indexed=\"true\" stored=\"false\"/>",
        "<field name=\"vector\" type=\"string\"/>",
        "field 'vector' is of type 'string'; vectors need a solr.DenseVectorField");
    assertRefused(
        "vector_copy\" type=\"binary\"",
        "vector_copy\" type=\"string\"",
        "field 'vector_copy' keeps vectors for atomic updates and must be a stored, single-valued"
            + " solr.BinaryField");
    assertRefused(
        "vector_model\" type=\"string\"",
        "vector_model\" type=\"pint\"",
        "field 'vector_model' says what made the vectors and must be");
    assertRefused(
        "vectorDimension=\"8\"",
        "vectorDimension=\"9\"",
        "dimensions=8 but field 'tag_vector' has vectorDimension=9");
    assertRefused(
        "{title} {text} {number}", "{title} {txt}", "the schema has no field 'txt'; did you mean");
    assertRefused(
        "<!-- more -->", "<str name=\"maxTokns\">5</str>", "unknown argument 'maxTokns'; did you");
    assertRefused(
        "<str name=\"vector\">tag_vector</str>",
        "<str name=\"vector\">vector</str>",
        "two mappings fill the vector field 'vector'");
  }

  private void assertRefused(String from, String to, String reason) {
    SolrException refused =
        assertThrows(
            SolrException.class,
            () ->
                UpdatingCore.create(
                    node,
                    name + from.hashCode(),
                    Map.of(),
                    Map.of(from, to, "<str name=\"model\">small</str>", "")));
    StringBuilder messages = new StringBuilder();
    for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
      messages.append(cause.getMessage()).append('\n');
    }
    assertTrue(messages.toString().contains(reason), messages.toString());
  }

  @Test
  void documentsWithValuesOfTheWrongKindAreRefusedByTheirIds() throws Exception {
    UpdatingCore core = create();
    core.refuse(400, "[{\"id\":\"1\",\"text\":\"a\",\"year\":\"soon\"}]", "soon");
    core.refuse(400, "[{\"id\":\"1\",\"text\":{\"what\":\"is this\"}}]", "document '1'");
    core.refuse(
        400,
        "[{\"id\":\"1\",\"text\":\"a\",\"vector\":\"no vector\"}]",
        "document '1', field 'vector': a vector is a list of numbers, found no vector");
    core.refuse(
        400,
        "[{\"id\":\"1\",\"text\":\"a\",\"vector\":{\"add\":[1]}}]",
        "document '1', field 'vector': a vector is a list of numbers, found {add=");
    core.refuse(400, "[{\"id\":\"1\",\"text\":\"a\",\"vector\":[1,2,3]}]", "a vector of 3");
    core.refuse(400, "[{\"text\":\"without an id\"}]", "id");
    core.commit();
    assertEquals(0, core.find("*:*", "id").size());
    core.accept("[{\"id\":\"1\",\"text\":17}, {\"id\":\"2\",\"text\":null,\"title\":true}]");
    assertArrayEquals(encoder.vector(" 17"), core.vectors("vector").get("1"), 0f);
    assertArrayEquals(encoder.vector(" true"), core.vectors("vector").get("2"), 0f);
  }

  @Test
  void veryLongTextIsEncodedAloneAndItsNeighboursWithIt() throws Exception {
    UpdatingCore core =
        UpdatingCore.create(
            node,
            name,
            Map.of(),
            Map.of(
                "<str name=\"model\">small</str>", "",
                "<!-- more -->", "<int name=\"maxTokens\">1000</int>"));
    String longText = "ten chars ".repeat(1 << 20);
    core.accept(
        "[{\"id\":\"1\",\"text\":\"short\"}, {\"id\":\"2\",\"text\":\""
            + longText
            + "\"}, {\"id\":\"3\",\"text\":\"short too\"}]");
    assertEquals(List.of("short", "ten chars ".repeat(500).strip(), "short too"), encoder.texts());
    assertEquals(Set.of("1", "2", "3"), core.vectors("vector").keySet());
    assertEquals(longText.length(), core.find("id:2", "text").get(0).get("text").asText().length());
  }

  @Test
  void tenThousandEmptyTextsCostNothing() throws Exception {
    UpdatingCore core = create();
    StringBuilder request = new StringBuilder("[{\"id\":\"full\",\"text\":\"words\"}");
    for (int i = 0; i < 10_000; i++) {
      request.append(",{\"id\":\"").append(i).append("\",\"text\":\"").append(" ".repeat(i % 3));
      request.append("\"}");
    }
    var header = core.accept(request.append("]").toString());
    assertEquals(10_000, header.at("/llm2vec/vector/forwarded").asInt());
    assertEquals(List.of("words"), encoder.texts());
    assertEquals(10_001, node.select(name, Map.of("q", "*:*")).at("/response/numFound").asInt());
  }

  @Test
  void requestThatBreaksOffLeavesWhatItBroughtAndCanBeSentAgain() throws Exception {
    UpdatingCore core = create();
    String whole =
        "[{\"id\":\"1\",\"text\":\"one\"},{\"id\":\"2\",\"text\":\"two\"},"
            + "{\"id\":\"3\",\"text\":\"three\"}]";
    sendTheBeginning(whole, whole.indexOf("three"));
    core.commit();
    assertEquals(Set.of("1", "2"), core.vectors("vector").keySet());
    core.accept(whole);
    assertEquals(List.of("one", "two", "three"), encoder.texts());
    assertEquals(Set.of("1", "2", "3"), core.vectors("vector").keySet());
  }

  /** Announces a request, sends a part of it, ends the connection and waits for Solr to notice. */
  private void sendTheBeginning(String body, int length) throws IOException {
    URI url = URI.create(node.url());
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /solr/%s/update HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      .formatted(name)
                  + "Content-Length: %d\r\n\r\n".formatted(body.length())
                  + body.substring(0, length))
              .getBytes(StandardCharsets.UTF_8));
      out.flush();
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    }
  }

  @Test
  void reloadOfTheCoreWhileItIndexesLosesNothing() throws Exception {
    UpdatingCore core = create();
    encoder.duringNextCall(() -> node.container().reload(name));
    List<String> ids = new ArrayList<>();
    StringBuilder request = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      ids.add("" + i);
      request.append(i == 0 ? "[" : ",").append("{\"id\":\"%d\",\"text\":\"t%d\"}".formatted(i, i));
    }
    core.acceptUncommitted(request.append("]").toString());
    core.commit();
    assertEquals(Set.copyOf(ids), core.vectors("vector").keySet());
    assertEquals(300, encoder.texts().size());
  }

  @Test
  void documentThatIsChangedWhileAnUpdateOfItIsEncodedGetsTheVectorOfBoth() throws Exception {
    UpdatingCore core = create();
    core.accept("[{\"id\":\"1\",\"title\":\"old title\",\"text\":\"old text\"}]");
    encoder.forget();
    // With a vector, since the encoder is busy.
    String change =
        "[{\"id\":\"1\",\"text\":{\"set\":\"new text\"},\"vector\":{\"set\":[1%s]}}]"
            .formatted(",0".repeat(15));
    encoder.duringNextCall(
        () -> {
          try {
            core.accept(change);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    core.accept("[{\"id\":\"1\",\"title\":{\"set\":\"new title\"}}]");
    assertArrayEquals(encoder.vector(" new title new text"), core.vectors("vector").get("1"), 0f);
    assertEquals(
        List.of("new title old text", "new title new text"),
        encoder.texts(),
        "the second time by the consistency processor");
  }

  @Test
  void memoryOfWhatIsHeldBackIsBounded() throws Exception {
    UpdatingCore core =
        UpdatingCore.create(
            node,
            name,
            Map.of(),
            Map.of(
                "<str name=\"model\">small</str>",
                "",
                "<int name=\"retries\">2</int>",
                "<int name=\"retries\">2</int><int name=\"maxBufferedBytes\">5000</int>"));
    StringBuilder request = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      request
          .append(i == 0 ? "[" : ",")
          .append("{\"id\":\"%d\",\"text\":\"%s\"}".formatted(i, "x".repeat(i == 3 ? 9000 : 500)));
    }
    core.accept(request.append("]").toString());
    assertEquals(6, core.vectors("vector").size());
    assertEquals(List.of(3, 1, 2), encoder.callSizes());
  }

  @Test
  void everyDocumentOfARequestIsSeenThoughManyAreRefused() throws Exception {
    UpdatingCore core = create();
    StringBuilder request = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      String text = i % 10 == 0 ? "poison" : "good";
      request
          .append(i == 0 ? "[" : ",")
          .append("{\"id\":\"%d\",\"text\":\"%s %d\"}".formatted(i, text, i));
    }
    core.refuse(400, request.append("]").toString(), "30 of 300 documents could not be encoded");
    core.commit();
    assertEquals(270, core.vectors("vector").size());
    assertEquals(270, core.find("*:*", "id").size());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.schema.IndexIdentities;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.SolrCore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Vectors of different models do not meet in one field by accident. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ModelIdentityTest {

  private static final Map<String, String> ONE_FIELD =
      Map.of("<str name=\"model\">small</str>", "", "{title} {text} {number}", "{title} {text}");

  private final FakeBatchModel encoder = new FakeBatchModel(16);

  /** The same width from other weights, as far as anybody can tell from outside. */
  private final FakeBatchModel other =
      new FakeBatchModel(16, "07e4", text -> encoder.vector("other" + text));

  private volatile boolean replaced;
  private SolrNode node;
  private UpdatingCore core;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    ModelsFile models =
        new ModelsFile(
            home.resolve(ModelsFile.NAME),
            Map.of(
                "default", ModelDeclaration.of("default", "fake"),
                "other", ModelDeclaration.of("other", "fake")),
            1 << 20);
    node =
        SolrNode.start(
            home,
            new EncoderRegistry(
                models,
                model -> (model.name().equals("other") || replaced ? other : encoder).service(),
                Runnable::run));
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void createCore(TestInfo test) throws Exception {
    core =
        UpdatingCore.create(
            node, test.getTestMethod().orElseThrow().getName(), Map.of(), ONE_FIELD);
  }

  @Test
  void identityIsWrittenBesideEveryVector() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"words\"}, {\"id\":\"2\",\"year\":1}]");
    FieldIdentity expected = new FieldIdentity("default", "fa4e10", "", 16, "", "", "");
    assertEquals(expected.toTerm(), core.document("1").get("vector_model").asText());
    assertTrue(core.document("2").path("vector_model").isMissingNode());
    assertEquals(List.of(expected), core.identities("vector").found());
    assertEquals(List.of(), core.identities("tag_vector").found());
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertEquals(List.of(expected), core.identities("vector").found());
  }

  @Test
  void vectorsOfAnotherModelAreRefused() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"words\",\"year\":1999}]");
    core.reconfigure("<str name=\"model\">default</str>", "<str name=\"model\">other</str>");
    core.refuse(
        409,
        "[{\"id\":\"2\",\"text\":\"more words\"}]",
        "field 'vector' holds vectors of model 'default' (fingerprint fa4e10, pooling its own, 16"
            + " dimensions, instruction '')");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":2001}}]");
    assertArrayEquals(encoder.vector(" words"), core.vectors("vector").get("1"), 0f);
    core.refuse(409, "[{\"id\":\"1\",\"text\":{\"set\":\"words\"}}]", "allowModelChange=true");
  }

  @Test
  void anotherInstructionIsRefused() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"words\"}]");
    core.reconfigure("${llm2vec.instruction:}", "A paper:");
    core.refuse(409, "[{\"id\":\"2\",\"text\":\"words\"}]", "instruction 'A paper:'");
  }

  @Test
  void emptyIndexTakesAnyModel() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"words\"}]");
    core.reconfigure("<str name=\"model\">default</str>", "<str name=\"model\">other</str>");
    core.accept("{\"delete\":{\"query\":\"*:*\"}}");
    core.accept("[{\"id\":\"2\",\"text\":\"words\"}]");
    assertEquals(1, core.identities("vector").found().size());
  }

  @Test
  void modelIsChangedDocumentByDocumentWhereThatIsAskedFor() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"one\"}, {\"id\":\"2\",\"text\":\"two\"}]");
    core.reconfigure("<str name=\"model\">default</str>", "<str name=\"model\">other</str>");
    core.reconfigure("${llm2vec.allow:false}", "true");
    core.accept("[{\"id\":\"1\",\"text\":\"one\"}]");
    assertArrayEquals(encoder.vector("other one"), core.vectors("vector").get("1"), 0f);
    IndexIdentities both = core.identities("vector");
    assertEquals(2, both.found().size());
    SolrException refused =
        assertThrows(
            SolrException.class, () -> core.requireComparable("vector", "other", "07e4", 16));
    assertEquals(409, refused.code());
    assertTrue(refused.getMessage().contains("fingerprint fa4e10"), refused.getMessage());
    core.accept("[{\"id\":\"2\",\"text\":\"two\"}]");
    core.requireComparable("vector", "other", "07e4", 16);
    core.reconfigure(
        "<bool name=\"allowModelChange\">true", "<bool name=\"allowModelChange\">false");
    core.accept("[{\"id\":\"3\",\"text\":\"three\"}]");
  }

  @Test
  void requestDuringWhichTheModelIsReplacedIsOfOneModel() throws Exception {
    StringBuilder documents = new StringBuilder("[");
    for (int i = 0; i < 700; i++) {
      documents.append(i == 0 ? "" : ",").append("{\"id\":\"%d\",\"text\":\"w\"}".formatted(i));
    }
    encoder.duringNextCall(() -> reload(true));
    try {
      core.refuse(409, documents + "]", "was reloaded while the request ran");
      core.commit();
      List<FieldIdentity> found = core.identities("vector").found();
      assertEquals(List.of("fa4e10"), found.stream().map(FieldIdentity::fingerprint).toList());
      // The one that is there now is the node's, and the index is the other's.
      core.refuse(409, "[{\"id\":\"x\",\"text\":\"w\"}]", "allowModelChange=true");
    } finally {
      reload(false);
    }
  }

  @Test
  void queryDuringWhichTheModelIsReplacedIsOfOneModel() throws Exception {
    // The first clause is encoded by one model; then there is another.
    core.accept("[{\"id\":\"1\",\"year\":1}]");
    encoder.duringNextCall(() -> reload(true));
    try {
      HttpResponse<String> response =
          node.trySelect(
              "queryDuringWhichTheModelIsReplacedIsOfOneModel",
              Map.of(
                  "q", "{!llm2vec f=vector v=$a}",
                  "fq", "{!llm2vec f=vector v=$b}",
                  "a", "one",
                  "b", "two"));
      assertEquals(409, response.statusCode(), response.body());
      assertTrue(response.body().contains("was reloaded while the request ran"), response.body());
    } finally {
      reload(false);
    }
  }

  private void reload(boolean other) {
    replaced = other;
    String name = node.container().getLoadedCoreNames().iterator().next();
    try (SolrCore open = node.container().getCore(name)) {
      EncoderRegistry.of(open).reload("default");
    }
  }

  @Test
  void mergedIndexesAreOfOneModel() throws Exception {
    core.accept("[{\"id\":\"1\",\"text\":\"one\"}]");
    UpdatingCore source = UpdatingCore.create(node, "merged-source", Map.of(), ONE_FIELD);
    source.reconfigure("<str name=\"model\">default</str>", "<str name=\"model\">other</str>");
    source.accept("[{\"id\":\"2\",\"text\":\"two\"}]");
    HttpResponse<String> response =
        node.get(
            "/admin/cores?action=MERGEINDEXES&core=mergedIndexesAreOfOneModel&srcCore=merged-source");
    assertEquals(409, response.statusCode(), response.body());
    assertTrue(response.body().contains("fingerprint 07e4"), response.body());
    core.commit();
    assertEquals(1, core.identities("vector").found().size());
  }
}

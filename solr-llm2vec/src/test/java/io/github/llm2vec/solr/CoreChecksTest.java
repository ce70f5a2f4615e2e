/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.solr.common.SolrException;
import org.apache.solr.util.LogListener;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What would go wrong in silence is said, or refused, when the core is loaded. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CoreChecksTest {

  private static final String FIELDS = "<!-- Passages. -->";
  private static final String OURS =
      "<processor class=\"io.github.llm2vec.solr.Llm2VecUpdateProcessorFactory\">\n"
          + "      <str name=\"model\">default</str>\n      <str name=\"onError\">";
  private static final String DISTRIBUTED =
      "<processor class=\"solr.DistributedUpdateProcessorFactory\"/>";
  private static final String PASSAGES =
      "<int name=\"maxTokens\">4</int><str name=\"longText\">passages</str>";

  private SolrNode node;
  private int cores;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> new FakeBatchModel(16).service());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  private void create(Map<String, String> changes) throws Exception {
    Map<String, String> all = new HashMap<>(changes);
    all.put("<str name=\"model\">small</str>", "");
    all.put(
        "<updateProcessor name=\"titles\"", "<updateProcessor name=\"titles\" enable=\"false\"");
    UpdatingCore.create(node, "core" + cores++, Map.of(), all);
  }

  private void assertRefused(Map<String, String> changes, String... reasons) {
    SolrException refused = assertThrows(SolrException.class, () -> create(changes));
    StringBuilder messages = new StringBuilder();
    for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
      messages.append(cause.getMessage()).append('\n');
    }
    for (String reason : reasons) {
      assertTrue(messages.toString().contains(reason), messages.toString());
    }
  }

  private void assertWarned(Map<String, String> changes, String... warnings) throws Exception {
    try (LogListener log = LogListener.warn(CoreChecks.class)) {
      create(changes);
      for (String warning : warnings) {
        String message = log.pollMessage();
        assertTrue(message != null && message.contains(warning), message);
      }
      assertEquals(0, log.getQueue().size());
    }
  }

  @Test
  void soundCoreIsLoadedWithoutAWord() throws Exception {
    assertWarned(Map.of());
    assertWarned(
        Map.of(
            FIELDS,
            "<field name=\"other\" type=\"text\"/><copyField source=\"title\" dest=\"other\"/>"));
    assertWarned(
        Map.of(OURS, "<processor class=\"solr.HTMLStripFieldUpdateProcessorFactory\"/>" + OURS));
  }

  @Test
  void vectorsThatNoSearchCanFindAreRefused() throws Exception {
    String field = "<field name=\"vector\" type=\"vector\" indexed=\"true\" stored=\"false\"/>";
    assertRefused(
        Map.of(field, field.replace("indexed=\"true\"", "indexed=\"false\"")),
        "field 'vector' has indexed=\"false\"",
        "set it to indexed=\"true\"");
    assertRefused(
        Map.of(
            "class=\"solr.DenseVectorField\"\n             vectorDimension=\"${llm2vec.dims:16}\"",
            "class=\"solr.DenseVectorField\" indexed=\"false\""
                + " vectorDimension=\"${llm2vec.dims:16}\"",
            field,
            "<field name=\"vector\" type=\"vector\" stored=\"true\"/>"),
        "field 'vector' has indexed=\"false\"");
  }

  @Test
  void sourceThatSolrFillsLaterIsRefused() throws Exception {
    assertRefused(
        Map.of(FIELDS, "<copyField source=\"tags\" dest=\"text\"/>"),
        "field 'text' is filled by copyField from tags, after documents have been encoded",
        "for example {tags}");
    assertRefused(
        Map.of(
            FIELDS,
            "<dynamicField name=\"*_t\" type=\"text\"/><copyField source=\"*_t\" dest=\"title\"/>"),
        "field 'title' is filled by copyField from *_t");
    assertWarned(
        Map.of(
            "{title} {text} {number}",
            "{all_t}",
            FIELDS,
            "<dynamicField name=\"*_t\" type=\"text\"/><dynamicField name=\"*_s\" type=\"string\"/>"
                + "<copyField source=\"*_s\" dest=\"*_t\"/>"),
        "copies from '*_s' into field 'all_t' comes after documents have been encoded");
  }

  @Test
  void copiesOfWhatStandsBesideAVectorAreSaid() throws Exception {
    assertWarned(
        Map.of(
            FIELDS,
            "<field name=\"all\" type=\"text\" multiValued=\"true\"/>"
                + "<copyField source=\"*\" dest=\"all\"/>"),
        "copyField rules of the schema copy vector, vector_copy, vector_error, vector_model into"
            + " all",
        "copy tag_vector, tag_vector_copy, tag_vector_model, vector_error into all");
    assertWarned(
        Map.of(
            FIELDS,
            "<field name=\"all\" type=\"text\" multiValued=\"true\"/>"
                + "<copyField source=\"vector_*\" dest=\"all\"/>"),
        "copy vector_copy, vector_error, vector_model into all",
        "copy vector_error into all");
  }

  @Test
  void sourceThatAnAtomicUpdateLosesIsSaid() throws Exception {
    assertWarned(
        Map.of(
            "<field name=\"title\" type=\"text\"/>",
            "<field name=\"title\" type=\"text\" stored=\"false\"/>"),
        "field 'title' is neither stored nor has it docValues");
  }

  @Test
  void processorThatChangesWhatWasEncodedIsSaid() throws Exception {
    String strip = "<processor class=\"solr.HTMLStripFieldUpdateProcessorFactory\"/>";
    assertWarned(
        Map.of(
            DISTRIBUTED + "\n    <processor class=\"io.github",
            strip + DISTRIBUTED + "<processor class=\"io.github"),
        "HTMLStripFieldUpdateProcessorFactory behind Llm2VecUpdateProcessorFactory may change a text");
    assertWarned(
        Map.of(
            "<processor class=\"solr.RunUpdateProcessorFactory\"/>",
            "<processor class=\"solr.TrimFieldUpdateProcessorFactory\"/>"
                + "<processor class=\"solr.RegexReplaceProcessorFactory\">"
                + "<str name=\"fieldName\">text</str><str name=\"pattern\">a</str>"
                + "<str name=\"replacement\">b</str></processor>"
                + "<processor class=\"solr.RunUpdateProcessorFactory\"/>"),
        "TrimFieldUpdateProcessorFactory, RegexReplaceProcessorFactory behind");
    assertWarned(
        Map.of(
            OURS,
            DISTRIBUTED + OURS,
            DISTRIBUTED + "\n    <processor class=\"io.github",
            "<processor class=\"io.github"),
        "stands behind the distributed processor");
  }

  @Test
  void deduplicationThatWouldDeletePassagesIsRefused() throws Exception {
    String signature =
        "<processor class=\"solr.processor.SignatureUpdateProcessorFactory\">"
            + "<str name=\"signatureField\">signature</str><str name=\"fields\">text</str>"
            + "<bool name=\"overwriteDupes\">true</bool></processor>"
            + DISTRIBUTED;
    Map<String, String> changes =
        Map.of(
            DISTRIBUTED,
            signature,
            FIELDS,
            "<field name=\"signature\" type=\"string\"/>",
            "<!-- more -->",
            PASSAGES);
    assertRefused(changes, "SignatureUpdateProcessorFactory with overwriteDupes=true deletes");
    Map<String, String> sound = new HashMap<>(changes);
    sound.put("<!-- more -->", "");
    assertWarned(sound);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.lucene.index.Term;
import org.apache.solr.client.solrj.SolrQuery;
import org.apache.solr.client.solrj.embedded.EmbeddedSolrServer;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrDocumentList;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.core.SolrCore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random sequences of updates, compared with a model of what the index must hold: no document
 * without its vector, none with a wrong one, no passage that counts for another document. {@code
 * -Dllm2vec.long=true} runs 10,000 sequences, {@code -Dllm2vec.seed=} those of a failure first.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RandomUpdateTest {

  private static final int IDS = 6;
  private static final int STEPS = 15;
  private static final int SEQUENCES = Boolean.getBoolean("llm2vec.long") ? 5_000 : 40;
  private static final String DOCUMENTS = "*:* -_nest_path_:*";

  private final FakeEncoder encoder = new FakeEncoder(16);
  private SolrNode node;

  /** What a document must be. */
  private static final class Expected {
    private String title;
    private String text;
    private Integer number;
    private Integer year;
    // What the client gave, until the text changes; of no numbers if it took the vector away.
    private float[] own;
    private final Map<String, float[]> children = new TreeMap<>();

    private String words(boolean cut) {
      List<String> parts = new ArrayList<>();
      if (title != null) {
        parts.add(cut && text != null ? title + ":" : title);
      }
      if (text != null) {
        parts.add(text);
      }
      if (number != null && !cut) {
        parts.add(number.toString());
      }
      return String.join(" ", parts);
    }

    /** Four words each, of which one is that of the passage before. */
    private List<String> passages() {
      if (text == null) {
        return title == null ? List.of() : List.of(title);
      }
      List<String> words = List.of(text.split(" ", -1));
      List<String> passages = new ArrayList<>();
      int start = 0;
      int end = 0;
      while (end < words.size()) {
        end = Math.min(words.size(), start + 4);
        String part = String.join(" ", words.subList(start, end));
        passages.add(title == null ? part : title + ": " + part);
        start += 3;
      }
      return passages;
    }
  }

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder);
    Map<String, String> whole = Map.of("<str name=\"model\">small</str>", "");
    UpdatingCore.create(node, "whole", Map.of(), whole);
    Map<String, String> cut = new TreeMap<>(whole);
    cut.put(
        "<!-- more -->",
        "<int name=\"maxTokens\">4</int><int name=\"passageOverlap\">1</int>"
            + "<str name=\"longText\">passages</str>");
    cut.put("{title} {text} {number}", "{title}: {text}");
    UpdatingCore.create(node, "cut", Map.of(), cut);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"whole", "cut"})
  void indexHoldsWhatUpdatesLeave(String core) throws Exception {
    long seed = Long.getLong("llm2vec.seed", new Random().nextLong());
    for (int i = 0; i < SEQUENCES; i++) {
      Sequence sequence = new Sequence(core, seed + i);
      try {
        sequence.run();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "-Dllm2vec.seed=%d, core %s: %s".formatted(seed + i, core, sequence.steps), e);
      }
    }
  }

  /** One sequence of updates and the model of it. */
  private final class Sequence {
    private final String core;
    private final boolean cut;
    private final Random random;
    private final EmbeddedSolrServer client;
    private final Map<String, Expected> model = new TreeMap<>();
    private final List<String> steps = new ArrayList<>();

    Sequence(String core, long seed) {
      this.core = core;
      this.cut = core.equals("cut");
      this.random = new Random(seed);
      this.client = new EmbeddedSolrServer(node.container(), core);
    }

    void run() throws Exception {
      client.deleteByQuery("*:*");
      for (int step = 0; step < STEPS; step++) {
        step();
        if (random.nextInt(4) == 0) {
          commit();
        }
      }
      commit();
      check();
      if (random.nextInt(3) == 0) {
        steps.add("optimize");
        client.optimize();
        check();
      }
    }

    private void step() throws Exception {
      String id = "d" + random.nextInt(IDS);
      encoder.forget();
      switch (random.nextInt(15)) {
        case 0, 1, 2 -> addWhole(id);
        case 3, 4, 5 -> changeText(id);
        case 6 -> changeNumber(id);
        case 7 -> {
          atomic(id, Map.of("year", Map.of("set", random.nextInt(10))));
          expected(id).year = lastYear;
          assertNothingEncoded();
        }
        case 8 -> {
          if (model.containsKey(id)) {
            atomic(id, Map.of("clicks", Map.of("inc", 1)));
            assertNothingEncoded();
          }
        }
        case 9 -> {
          steps.add("delete " + id);
          client.deleteById(id);
          model.remove(id);
        }
        case 10 -> deleteByQuery();
        case 11 -> ownVector(id);
        case 12 -> changeChild(id);
        case 13 -> removeRootOnly(id);
        default -> sendBackOrReload();
      }
    }

    private int lastYear;

    private Expected expected(String id) {
      return model.computeIfAbsent(id, key -> new Expected());
    }

    private String word() {
      return "w" + random.nextInt(8);
    }

    private String words(int most) {
      List<String> words = new ArrayList<>();
      for (int i = 1 + random.nextInt(most); i > 0; i--) {
        words.add(word());
      }
      return String.join(" ", words);
    }

    private float[] unit() {
      float[] vector = new float[16];
      vector[random.nextInt(16)] = 0.6f;
      vector[(Arrays.hashCode(vector) & 15)] += 0.8f;
      float length = 0;
      for (float value : vector) {
        length += value * value;
      }
      for (int i = 0; i < 16; i++) {
        vector[i] /= (float) Math.sqrt(length);
      }
      return vector;
    }

    private List<Float> list(float[] vector) {
      List<Float> list = new ArrayList<>();
      for (float value : vector) {
        list.add(value);
      }
      return list;
    }

    private void addWhole(String id) throws Exception {
      Expected expected = new Expected();
      SolrInputDocument document = new SolrInputDocument("id", id);
      if (random.nextInt(4) > 0) {
        expected.title = word();
        document.setField("title", expected.title);
      }
      if (random.nextInt(5) > 0) {
        expected.text = words(12);
        document.setField("text", expected.text);
      }
      if (random.nextInt(3) == 0) {
        expected.number = random.nextInt(9);
        document.setField("number", "0" + expected.number);
      }
      if (random.nextInt(2) == 0) {
        expected.year = random.nextInt(10);
        document.setField("year", expected.year);
      }
      if (!cut && random.nextInt(6) == 0) {
        expected.own = unit();
        document.setField("vector", list(expected.own));
      }
      if (!cut && random.nextInt(4) == 0) {
        List<SolrInputDocument> children = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
          SolrInputDocument child = new SolrInputDocument("id", id + "/child" + i);
          expected.children.put(id + "/child" + i, unit());
          child.setField("vector", list(expected.children.get(id + "/child" + i)));
          children.add(child);
        }
        document.setField("children", children);
      }
      steps.add("add " + document);
      client.add(document);
      model.put(id, expected);
    }

    private void atomic(String id, Map<String, Object> changes) throws Exception {
      SolrInputDocument document = new SolrInputDocument("id", id);
      changes.forEach(document::setField);
      if (changes.get("year") instanceof Map<?, ?> year) {
        lastYear = (Integer) year.get("set");
      }
      steps.add("change " + document);
      client.add(document);
    }

    private void changeText(String id) throws Exception {
      Expected expected = expected(id);
      String before = expected.words(cut);
      Map<String, Object> changes = new TreeMap<>();
      if (random.nextBoolean()) {
        expected.title = random.nextInt(4) == 0 ? null : word();
        changes.put("title", Collections.singletonMap("set", expected.title));
      }
      if (changes.isEmpty() || random.nextInt(3) == 0) {
        expected.text = random.nextInt(5) == 0 ? null : words(12);
        changes.put("text", Collections.singletonMap("set", expected.text));
      }
      atomic(id, changes);
      changed(expected, before);
    }

    private void changed(Expected expected, String before) {
      if (!expected.words(cut).equals(before)) {
        expected.own = null;
      } else {
        assertNothingEncoded();
      }
    }

    private void changeNumber(String id) throws Exception {
      Expected expected = expected(id);
      String before = expected.words(cut);
      int by = random.nextInt(3);
      expected.number = (expected.number == null ? 0 : expected.number) + by;
      atomic(id, Map.of("number", Map.of("inc", by)));
      changed(expected, before);
    }

    private void ownVector(String id) throws Exception {
      if (cut || !model.containsKey(id)) {
        return;
      }
      expected(id).own = random.nextInt(4) == 0 ? new float[0] : unit();
      Object vector = expected(id).own.length == 0 ? null : list(expected(id).own);
      atomic(id, Map.of("vector", Collections.singletonMap("set", vector)));
      assertNothingEncoded();
    }

    private void changeChild(String id) throws Exception {
      Expected expected = model.get(id);
      if (expected == null || expected.children.isEmpty()) {
        return;
      }
      String child = expected.children.keySet().iterator().next();
      SolrInputDocument document = new SolrInputDocument("id", child, "_root_", id);
      if (random.nextBoolean()) {
        expected.children.put(child, unit());
        document.setField("vector", Map.of("set", list(expected.children.get(child))));
      } else {
        document.setField("tags", Map.of("set", List.of("changed")));
      }
      steps.add("child " + document);
      client.add(document);
      assertNothingEncoded();
    }

    private void deleteByQuery() throws Exception {
      String word = word();
      int year = random.nextInt(10);
      String id = "d" + random.nextInt(IDS);
      switch (random.nextInt(cut ? 5 : 3)) {
        case 0 -> delete("title:" + word, expected -> word.equals(expected.title));
        case 1 ->
            delete(
                "{!cache=false df=year}[* TO " + year + "]",
                expected -> expected.year != null && expected.year <= year);
        case 2 -> {
          Expected meant = model.get(id);
          delete("id:" + id, expected -> expected == meant);
        }
        case 3 -> delete("*:* -title:" + word, expected -> !word.equals(expected.title));
        default ->
            delete(
                "text:(" + word + ") OR title:'" + word + "\\''",
                expected ->
                    word.equals(expected.title)
                        || (expected.text != null
                            && List.of(expected.text.split(" ", -1)).contains(word)));
      }
      assertNothingEncoded();
    }

    private void delete(String query, java.util.function.Predicate<Expected> which)
        throws Exception {
      steps.add("delete by " + query);
      client.deleteByQuery(query);
      model.values().removeIf(which);
    }

    /** As a chain without our processor would. */
    private void removeRootOnly(String id) throws Exception {
      if (!cut || random.nextBoolean()) {
        return;
      }
      commit();
      steps.add("remove root " + id);
      try (SolrCore open = node.container().getCore(core)) {
        var writer = open.getSolrCoreState().getIndexWriter(open);
        try {
          writer.get().deleteDocuments(new Term("id", id));
        } finally {
          writer.decref();
        }
      }
      // Solr does not know, and would find it in its own searcher until then.
      commit();
      model.remove(id);
    }

    private void sendBackOrReload() throws Exception {
      if (random.nextInt(8) == 0) {
        steps.add("reload");
        node.container().reload(core);
        return;
      }
      commit();
      steps.add("send back");
      List<SolrInputDocument> back = new ArrayList<>();
      for (SolrDocument found : query(cut ? "*:*" : DOCUMENTS, "*")) {
        SolrInputDocument document = new SolrInputDocument();
        found.forEach(document::setField);
        document.removeField("_version_");
        // Orphans come back as what they are: passages without a document.
        back.add(document);
      }
      if (!back.isEmpty() && model.values().stream().allMatch(this::comesBack)) {
        client.add(back);
        assertNothingEncoded();
      }
    }

    /** Vectors of clients are not stored; nested documents of clients are no part of the answer. */
    private boolean comesBack(Expected expected) {
      return expected.own == null && expected.children.isEmpty();
    }

    private void commit() throws Exception {
      steps.add("commit");
      client.commit();
    }

    private void assertNothingEncoded() {
      assertEquals(List.of(), encoder.texts());
    }

    private SolrDocumentList query(String query, String fields) throws Exception {
      SolrQuery request = new SolrQuery("q", query, "fl", fields, "rows", "1000");
      request.set("documents", DOCUMENTS);
      return client.query(request).getResults();
    }

    private void check() throws Exception {
      Map<String, float[]> expected = new TreeMap<>();
      model.forEach((id, document) -> vectors(id, document, expected));
      Map<String, float[]> found = new TreeMap<>(node.vectors(core));
      // What is left of documents that are gone.
      found.keySet().removeIf(id -> !model.containsKey(id.replaceAll("/.*", "")));
      assertEquals(expected.keySet(), found.keySet());
      expected.forEach((id, vector) -> assertArrayEquals(vector, found.get(id), 0f, id));
      Set<String> ids = new TreeSet<>();
      query(DOCUMENTS, "id").forEach(document -> ids.add((String) document.get("id")));
      assertEquals(model.keySet(), ids);
      if (cut) {
        checkSearch(expected);
      }
    }

    private void vectors(String id, Expected document, Map<String, float[]> vectors) {
      vectors.putAll(document.children);
      if (cut) {
        List<String> passages = document.passages();
        for (int i = 0; i < passages.size(); i++) {
          vectors.put(id + "/vector_passages#" + i, encoder.vector(" " + passages.get(i)));
        }
      } else if (document.own != null) {
        if (document.own.length > 0) {
          vectors.put(id, document.own);
        }
      } else if (!document.words(false).isEmpty()) {
        vectors.put(id, encoder.vector(" " + document.words(false)));
      }
    }

    /** Every document is found by the best of its own passages, and nothing else is. */
    private void checkSearch(Map<String, float[]> passages) throws Exception {
      String text = words(3);
      float[] query = encoder.vector(" " + text);
      Map<String, Float> best = new TreeMap<>();
      passages.forEach(
          (id, vector) -> {
            float dot = 0;
            for (int i = 0; i < query.length; i++) {
              dot += query[i] * vector[i];
            }
            best.merge(id.replaceAll("/.*", ""), (1 + dot) / 2, Math::max);
          });
      for (String search :
          List.of(
              "{!llm2vec f=vector which=$documents topK=20 v='" + text + "'}",
              "{!llm2vec f=vector which=$documents minReturn=0 minTraverse=0 v='" + text + "'}")) {
        Map<String, Float> found = new TreeMap<>();
        for (SolrDocument hit : query(search, "id,score")) {
          found.put((String) hit.get("id"), (Float) hit.get("score"));
        }
        assertEquals(best.keySet(), found.keySet(), search);
        found.forEach(
            (id, score) -> assertTrue(Math.abs(score - best.get(id)) < 1e-5f, search + id));
      }
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.lucene.index.Term;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.core.SolrCore;

/**
 * One random sequence of updates and a model of what the index must hold after it: no document
 * without its vector, none with a wrong one, no passage that counts for another document.
 */
final class RandomUpdates {

  private static final int IDS = 6;
  private static final int STEPS = 15;
  private static final int DIMENSIONS = 16;

  private final Index index;
  private final FakeBatchModel encoder;
  private final boolean cut;
  private final Random random;
  private final Map<String, ExpectedIndex.Document> model = new TreeMap<>();
  private final ExpectedIndex expected;
  private final List<String> steps = new ArrayList<>();

  /** Where the updates go. */
  interface Index {
    /** The collection or core. */
    String name();

    /** Some client; another one each time, where there are several ways in. */
    SolrClient client();

    /** The indexed vectors of all live documents, the same in all copies, by id. */
    Map<String, float[]> vectors() throws IOException;

    /** Does something to all cores. */
    void forEachCore(CoreAction action) throws IOException;

    /**
     * Does something as a whole that must leave the documents as they are.
     *
     * @return what it was
     */
    String operate(Random random) throws Exception;

    /** One in how many times that is done, in place of sending an answer back. */
    int oneIn();
  }

  /** Something done to a core. */
  @FunctionalInterface
  interface CoreAction {
    void accept(SolrCore core) throws IOException;
  }

  /**
   * A sequence.
   *
   * @param cut whether long texts become passages there
   */
  RandomUpdates(Index index, FakeBatchModel encoder, boolean cut, long seed) {
    this.index = index;
    this.encoder = encoder;
    this.cut = cut;
    this.random = new Random(seed);
    this.expected = new ExpectedIndex(model, encoder, cut);
  }

  /** The configuration of a kind of index, as changes to the tests' configset. */
  static Map<String, String> configuration(boolean cut) {
    Map<String, String> changes = new TreeMap<>();
    changes.put("<str name=\"model\">small</str>", "");
    if (cut) {
      changes.put(
          "<!-- more -->",
          "<int name=\"maxTokens\">4</int><int name=\"passageOverlap\">1</int>"
              + "<str name=\"longText\">passages</str>");
      changes.put("{title} {text} {number}", "{title}: {text}");
    }
    return changes;
  }

  /**
   * Runs sequences one after another.
   *
   * @throws AssertionError with the seed of the one that failed
   */
  static void run(Index index, FakeBatchModel encoder, boolean cut, int sequences) {
    long seed = Long.getLong("llm2vec.seed", new Random().nextLong());
    int count = Integer.getInteger("llm2vec.sequences", sequences);
    for (int i = 0; i < count; i++) {
      RandomUpdates sequence = new RandomUpdates(index, encoder, cut, seed + i);
      try {
        sequence.run();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "-Dllm2vec.seed=%d, %s: %s".formatted(seed + i, index.name(), sequence.steps), e);
      }
      if ((i + 1) % 500 == 0) {
        System.out.println("RandomUpdates: " + (i + 1) + " of " + count + " sequences");
      }
    }
    System.out.println("RandomUpdates: " + count + " sequences, cut " + cut + ", seed " + seed);
  }

  private void run() throws Exception {
    index.client().deleteByQuery(index.name(), "*:*");
    for (int step = 0; step < STEPS; step++) {
      step();
      if (random.nextInt(4) == 0) {
        commit();
      }
    }
    commit();
    expected.check(index, words(3));
    if (random.nextInt(3) == 0) {
      steps.add("optimize");
      index.client().optimize(index.name());
      expected.check(index, words(3));
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
        int year = random.nextInt(10);
        atomic(id, Map.of("year", Map.of("set", year)));
        document(id).year = year;
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
        index.client().deleteById(index.name(), id);
        model.remove(id);
      }
      case 10 -> deleteByQuery();
      case 11 -> ownVector(id);
      case 12 -> changeChild(id);
      case 13 -> removeRootOnly(id);
      default -> sendBackOrOperate();
    }
  }

  private ExpectedIndex.Document document(String id) {
    return model.computeIfAbsent(id, key -> new ExpectedIndex.Document());
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
    float[] vector = new float[DIMENSIONS];
    vector[random.nextInt(DIMENSIONS)] = 0.6f;
    vector[Math.floorMod(Arrays.hashCode(vector), DIMENSIONS)] += 0.8f;
    float length = 0;
    for (float value : vector) {
      length += value * value;
    }
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] /= (float) Math.sqrt(length);
    }
    return vector;
  }

  private static List<Float> list(float[] vector) {
    List<Float> list = new ArrayList<>();
    for (float value : vector) {
      list.add(value);
    }
    return list;
  }

  private void addWhole(String id) throws Exception {
    ExpectedIndex.Document expected = new ExpectedIndex.Document();
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
    index.client().add(index.name(), document);
    model.put(id, expected);
  }

  private void atomic(String id, Map<String, Object> changes) throws Exception {
    SolrInputDocument document = new SolrInputDocument("id", id);
    changes.forEach(document::setField);
    steps.add("change " + document);
    index.client().add(index.name(), document);
  }

  private void changeText(String id) throws Exception {
    ExpectedIndex.Document expected = document(id);
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

  private void changed(ExpectedIndex.Document expected, String before) {
    if (!expected.words(cut).equals(before)) {
      expected.own = null;
    } else {
      assertNothingEncoded();
    }
  }

  private void changeNumber(String id) throws Exception {
    ExpectedIndex.Document expected = document(id);
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
    document(id).own = random.nextInt(4) == 0 ? new float[0] : unit();
    Object vector = document(id).own.length == 0 ? null : list(document(id).own);
    atomic(id, Map.of("vector", Collections.singletonMap("set", vector)));
    assertNothingEncoded();
  }

  private void changeChild(String id) throws Exception {
    ExpectedIndex.Document expected = model.get(id);
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
    UpdateRequest request = new UpdateRequest().add(document);
    // The shard of a nested document is that of its root.
    request.setParam("_route_", id);
    request.process(index.client(), index.name());
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
        ExpectedIndex.Document meant = model.get(id);
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

  private void delete(String query, Predicate<ExpectedIndex.Document> which) throws Exception {
    steps.add("delete by " + query);
    // By query Solr leaves the nested documents of clients behind, and gives them to a neighbour
    // that is changed.
    for (Map.Entry<String, ExpectedIndex.Document> document : model.entrySet()) {
      if (which.test(document.getValue()) && !document.getValue().children.isEmpty()) {
        index.client().deleteById(index.name(), document.getKey());
      }
    }
    index.client().deleteByQuery(index.name(), query);
    model.values().removeIf(which);
  }

  /** As a chain without our processor would. */
  private void removeRootOnly(String id) throws Exception {
    if (!cut || random.nextBoolean()) {
      return;
    }
    commit();
    steps.add("remove root " + id);
    index.forEachCore(
        core -> {
          var writer = core.getSolrCoreState().getIndexWriter(core);
          try {
            writer.get().deleteDocuments(new Term("id", id));
          } finally {
            writer.decref();
          }
        });
    // Solr does not know, and would find it in its own searcher until then.
    commit();
    model.remove(id);
  }

  private void sendBackOrOperate() throws Exception {
    if (random.nextInt(index.oneIn()) == 0) {
      steps.add(index.operate(random));
      return;
    }
    commit();
    steps.add("send back");
    List<SolrInputDocument> back = new ArrayList<>();
    for (SolrDocument found :
        ExpectedIndex.query(index, cut ? "*:*" : ExpectedIndex.DOCUMENTS, "*")) {
      SolrInputDocument document = new SolrInputDocument();
      found.forEach(document::setField);
      document.removeField("_version_");
      // Orphans come back as what they are: passages without a document.
      back.add(document);
    }
    if (!back.isEmpty() && model.values().stream().allMatch(ExpectedIndex.Document::comesBack)) {
      index.client().add(index.name(), back);
      assertNothingEncoded();
    }
  }

  private void commit() throws Exception {
    steps.add("commit");
    index.client().commit(index.name());
  }

  private void assertNothingEncoded() {
    assertEquals(List.of(), encoder.texts());
  }
}

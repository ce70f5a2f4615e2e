/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.solr.client.solrj.SolrQuery;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrDocumentList;

/**
 * What an index must hold: the documents that {@link RandomUpdates} left, and their vectors.
 *
 * @param cut whether long texts become passages there
 */
record ExpectedIndex(Map<String, Document> documents, FakeBatchModel encoder, boolean cut) {

  /** Finds what is neither a passage nor a nested document. */
  static final String DOCUMENTS = "*:* -_nest_path_:*";

  /** What a document must be. */
  static final class Document {

    String title;
    String text;
    Integer number;
    Integer year;
    // What the client gave, until the text changes; of no numbers if it took the vector away.
    float[] own;
    final Map<String, float[]> children = new TreeMap<>();

    /**
     * What its vector is made of.
     *
     * @param cut whether long texts are cut into passages
     */
    String words(boolean cut) {
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

    /**
     * The vectors of the document and what belongs to it, by the ids that have them in the index.
     */
    Map<String, float[]> vectors(String id, boolean cut, FakeBatchModel encoder) {
      Map<String, float[]> vectors = new TreeMap<>(children);
      if (cut) {
        List<String> passages = passages();
        for (int i = 0; i < passages.size(); i++) {
          vectors.put(id + "/vector_passages#" + i, encoder.vector(" " + passages.get(i)));
        }
      } else if (own != null) {
        if (own.length > 0) {
          vectors.put(id, own);
        }
      } else if (!words(false).isEmpty()) {
        vectors.put(id, encoder.vector(" " + words(false)));
      }
      return vectors;
    }

    /** Vectors of clients are not stored; nested documents of clients are no part of the answer. */
    boolean comesBack() {
      return own == null && children.isEmpty();
    }
  }

  /** What a query finds, all of it. */
  static SolrDocumentList query(RandomUpdates.Index index, String query, String fields)
      throws Exception {
    SolrQuery request = new SolrQuery("q", query, "fl", fields, "rows", "1000");
    request.set("documents", DOCUMENTS);
    return index.client().query(index.name(), request).getResults();
  }

  /**
   * Compares an index with what is expected.
   *
   * @param text that is searched for where there are passages
   */
  void check(RandomUpdates.Index index, String text) throws Exception {
    Map<String, float[]> expected = new TreeMap<>();
    documents.forEach((id, document) -> expected.putAll(document.vectors(id, cut, encoder)));
    Map<String, float[]> found = new TreeMap<>(index.vectors());
    // What is left of documents that are gone.
    found.keySet().removeIf(id -> !documents.containsKey(id.replaceAll("/.*", "")));
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach((id, vector) -> assertArrayEquals(vector, found.get(id), 0f, id));
    Set<String> ids = new TreeSet<>();
    query(index, DOCUMENTS, "id").forEach(document -> ids.add((String) document.get("id")));
    assertEquals(documents.keySet(), ids);
    if (cut) {
      checkSearch(index, expected, text);
    }
  }

  /** Every document is found by the best of its own passages, and nothing else is. */
  private void checkSearch(RandomUpdates.Index index, Map<String, float[]> passages, String text)
      throws Exception {
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
      for (SolrDocument hit : query(index, search, "id,score")) {
        found.put((String) hit.get("id"), (Float) hit.get("score"));
      }
      assertEquals(best.keySet(), found.keySet(), search);
      found.forEach((id, score) -> assertTrue(Math.abs(score - best.get(id)) < 1e-5f, search + id));
    }
  }
}

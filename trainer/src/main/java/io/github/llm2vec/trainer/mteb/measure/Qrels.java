/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.measure;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which documents are relevant to which queries, and how much: the qrels of a test collection.
 *
 * <p>A grade above 0 is relevant, 0 is judged and not relevant, and a negative grade is in the pool
 * but not judged, which counts like a document that nobody looked at.
 */
public final class Qrels {

  private final Map<String, Map<String, Integer>> grades;

  private Qrels(Map<String, Map<String, Integer>> grades) {
    this.grades = grades;
  }

  /**
   * Takes a copy.
   *
   * @param grades grade by document id by query id; queries keep the order of the map
   */
  public static Qrels of(Map<String, Map<String, Integer>> grades) {
    Map<String, Map<String, Integer>> copy = new LinkedHashMap<>();
    grades.forEach((query, documents) -> copy.put(query, Map.copyOf(documents)));
    return new Qrels(Collections.unmodifiableMap(copy));
  }

  /** The queries that have a judgement, in their order. */
  public Set<String> queries() {
    return grades.keySet();
  }

  /** Grade by document id; empty for a query without judgements. */
  public Map<String, Integer> of(String queryId) {
    return grades.getOrDefault(queryId, Map.of());
  }

  /** Number of judgements over all queries. */
  public long count() {
    return grades.values().stream().mapToLong(Map::size).sum();
  }
}

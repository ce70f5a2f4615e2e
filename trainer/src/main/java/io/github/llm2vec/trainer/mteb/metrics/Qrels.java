/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The relevance judgements of a test collection: grades of documents by query.
 *
 * <p>A grade above 0 is relevant, 0 is judged and not relevant, and a negative grade is in the pool
 * but not judged, which counts like a document that nobody looked at.
 */
public final class Qrels {

  /** No judgements. */
  public static final Qrels NONE = of(Map.of());

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

  /** The documents that are relevant to a query. */
  public Set<String> relevant(String queryId) {
    return of(queryId).entrySet().stream()
        .filter(document -> document.getValue() > 0)
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The share of a query's relevant documents, of which there is one at least, that was found. */
  public double recall(String queryId, Collection<String> found) {
    Set<String> relevant = relevant(queryId);
    return (double) found.stream().filter(relevant::contains).count() / relevant.size();
  }

  /** Number of judgements over all queries. */
  public long count() {
    return grades.values().stream().mapToLong(Map::size).sum();
  }
}

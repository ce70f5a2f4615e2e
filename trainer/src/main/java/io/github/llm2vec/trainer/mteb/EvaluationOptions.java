/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.trainer.mteb.search.Bm25Search;
import io.github.llm2vec.trainer.mteb.task.RecordFormats;
import java.util.List;
import java.util.OptionalInt;

/**
 * The options of an evaluation.
 *
 * @param methods ways of searching to compare; a hybrid needs no other among them
 * @param hits documents per query that enter the measures; MTEB takes 1,000
 * @param shardVectors vectors per file: the work that a killed run loses
 * @param graph how graphs are built; the quantisation is the method's
 * @param efSearch beam of the walk through a graph, at least {@code hits}; twice {@code hits} if
 *     unsaid
 * @param words how words are scored
 * @param measureCosts whether to measure what a query costs on every graph, at several widths
 * @param strict whether a finding in the data is an error
 * @param formats the files that can be read
 */
public record EvaluationOptions(
    List<SearchMethod> methods,
    int hits,
    int shardVectors,
    VectorFormatOptions graph,
    OptionalInt efSearch,
    Bm25Search.Options words,
    boolean measureCosts,
    boolean strict,
    RecordFormats formats) {

  /** Exact search of 1,000 hits, leniently, 1,024 vectors to a shard. */
  public static final EvaluationOptions DEFAULTS =
      new EvaluationOptions(
          List.of(new SearchMethod.Exact()),
          1000,
          1024,
          VectorFormatOptions.DEFAULTS,
          OptionalInt.empty(),
          Bm25Search.Options.FLAT,
          false,
          false,
          RecordFormats.DEFAULTS);

  /** Rejects values that cannot be evaluated. */
  public EvaluationOptions {
    methods = List.copyOf(methods);
    if (methods.isEmpty() || methods.stream().distinct().count() < methods.size()) {
      throw new IllegalArgumentException(
          "methods must be at least one and different ones, got "
              + methods.stream().map(SearchMethod::label).toList());
    }
    if (hits < 1) {
      throw new IllegalArgumentException("hits must be at least 1, got " + hits);
    }
    if (shardVectors < 1) {
      throw new IllegalArgumentException("shardVectors must be at least 1, got " + shardVectors);
    }
    if (efSearch.isPresent() && efSearch.getAsInt() < hits) {
      throw new IllegalArgumentException(
          "efSearch must be at least hits = %s, got %s; lower hits to measure narrow beams"
              .formatted(hits, efSearch.getAsInt()));
    }
  }

  boolean usesVectors() {
    return methods.stream().anyMatch(SearchMethod::usesVectors);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.search.CorpusSearcher.Searching;
import io.github.llm2vec.lucene.KnnOptions;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of a command that searches an index. */
final class SearchOptions {

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      defaultValue = "dense",
      description = "dense (vectors, default), bm25 (words) or hybrid (both, fused).")
  private SearchMode mode;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      defaultValue = "10",
      converter = ModelOptions.Positive.class,
      description = "Hits per query (default: 10).")
  private int topK;

  @Option(
      names = "--ef-search",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = {
        "Candidates held while walking the graph, at least --top-k; more find more of the true",
        "neighbours and take longer (default: twice --top-k, at least 200)."
      })
  private Optional<Integer> efSearch = Optional.empty();

  @Option(names = "--exact", description = "Compare with every vector, not along the graph.")
  private boolean exact;

  @Mixin private FusionOptions fusion;

  /** What the options say. */
  Searching searching() {
    KnnOptions usual = KnnOptions.top(topK);
    return new Searching(
        mode, efSearch.map(usual::withEfSearch).orElse(usual), exact, fusion.fusion());
  }

  /**
   * Refuses what does not fit together.
   *
   * @param passages whether documents are to be cut
   * @throws ParameterException naming the option
   */
  void check(CommandSpec spec, boolean passages) {
    if (exact && mode != SearchMode.DENSE) {
      throw new ParameterException(spec.commandLine(), "--exact needs --mode dense");
    }
    if (efSearch.isPresent() && (exact || mode == SearchMode.BM25)) {
      throw new ParameterException(
          spec.commandLine(), "--ef-search is about the graph: not with --exact or --mode bm25");
    }
    if (efSearch.isPresent() && efSearch.get() < topK) {
      throw new ParameterException(
          spec.commandLine(),
          "--ef-search must be at least --top-k = " + topK + ", got " + efSearch.get());
    }
    if (exact && passages) {
      throw new ParameterException(spec.commandLine(), "--exact does not go with --passages");
    }
  }

  /** What a search compares. */
  public enum SearchMode {
    /** Vectors: meaning. */
    DENSE,
    /** Words, scored by BM25. */
    BM25,
    /** Both, their rankings fused. */
    HYBRID
  }
}

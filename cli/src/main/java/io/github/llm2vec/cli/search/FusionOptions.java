/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.lucene.FusionMethod;
import io.github.llm2vec.lucene.HybridFusion;
import picocli.CommandLine.Option;

/** The options for fusing lexical and vector search. */
public final class FusionOptions {

  @Option(
      names = "--fusion",
      paramLabel = "METHOD",
      description = "What a hybrid fuses: rrf (ranks, default) or minmax (scaled scores).")
  private FusionMethod method = HybridFusion.DEFAULT.method();

  @Option(
      names = "--vector-weight",
      paramLabel = "W",
      description = "Weight of the vectors in a hybrid, that of the words being 1 (default: 1).")
  private double vectorWeight = HybridFusion.DEFAULT.vectorWeight();

  /**
   * How two rankings become one.
   *
   * @throws IllegalArgumentException if the weight gives no order
   */
  public HybridFusion fusion() {
    return HybridFusion.DEFAULT.withMethod(method).withWeights(1, vectorWeight);
  }
}

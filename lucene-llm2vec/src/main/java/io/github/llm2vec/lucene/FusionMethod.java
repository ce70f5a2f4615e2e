/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.files.OptionNames;

/** Methods of fusing two rankings into one score. */
public enum FusionMethod {
  /** Reciprocals of ranks, see {@link ReciprocalRankFusion}. Needs no weights to be of use. */
  RECIPROCAL_RANK("rrf"),
  /**
   * Scores, each ranking's scaled so that its best document has 1 and its last one 0. How much
   * better the best is counts here, which ranks don't say; with weights that suit the collection it
   * finds more than ranks do (Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid
   * Retrieval", TOIS 2023, section 4).
   */
  MIN_MAX("minmax");

  private final String optionName;

  FusionMethod(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in parameters and options. */
  public String optionName() {
    return optionName;
  }

  /**
   * A method by its name.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public static FusionMethod of(String name) {
    return OptionNames.find("fusion", values(), FusionMethod::optionName, name);
  }
}

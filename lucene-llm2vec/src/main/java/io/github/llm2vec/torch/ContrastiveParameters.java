/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * What a contrastive loss is computed with.
 *
 * @param queries how many of the texts, the first ones, are queries
 * @param scale what cosines are multiplied by
 * @param weight of the loss in the gradient
 */
record ContrastiveParameters(int queries, double scale, double weight) {

  /** Rejects a number of texts that cannot be queries and their positives. */
  void check(int texts) {
    if (queries < 1 || texts < 2 * queries) {
      throw new IllegalArgumentException(
          queries + " queries need as many positives, got " + texts + " texts together");
    }
  }
}

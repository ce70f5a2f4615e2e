/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.List;

/** What came of a {@link VectorPlan.Fill}. */
sealed interface Filling {

  /**
   * All its pieces have vectors.
   *
   * @param vectors in the order of the pieces
   * @param encoded how many of them were made now
   */
  record Done(List<FloatList> vectors, int encoded) implements Filling {}

  /**
   * At least one has none.
   *
   * @param cause why
   */
  record Failed(RuntimeException cause) implements Filling {}
}

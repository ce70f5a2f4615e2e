/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import org.apache.lucene.search.Explanation;

/** Tells why a document has its score, for hits that were found before the query is run. */
@FunctionalInterface
public interface HitExplainer {

  /**
   * Explains a hit.
   *
   * @param doc number in the reader that was searched
   * @param score its score
   */
  Explanation explain(int doc, float score);
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

/** What a search compares. */
public enum SearchMode {
  /** Vectors: meaning. */
  DENSE,
  /** Words, scored by BM25. */
  BM25,
  /** Both, their rankings fused. */
  HYBRID
}

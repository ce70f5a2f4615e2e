/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import org.apache.lucene.search.DocIdSetIterator;

/** The full-precision vectors of one field in one segment, in the order of the documents. */
interface StoredVectors {

  /** The documents that have a vector; moving this iterator moves {@link #vector()}. */
  DocIdSetIterator documents();

  /**
   * The vector of the document on which {@link #documents()} stands, valid until it moves: {@code
   * [dimensions]}.
   */
  float[] vector() throws IOException;
}

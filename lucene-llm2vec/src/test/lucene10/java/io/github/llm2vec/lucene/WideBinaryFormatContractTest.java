/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/** Lucene's own contract of a vector format, for BINARY vectors. */
public class WideBinaryFormatContractTest extends WideFormatContract {

  /** Made by JUnit. */
  public WideBinaryFormatContractTest() {
    super(VectorQuantization.BINARY);
  }
}

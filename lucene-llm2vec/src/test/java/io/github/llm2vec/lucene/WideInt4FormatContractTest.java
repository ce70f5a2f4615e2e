/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/** Lucene's own contract of a vector format, for INT4 vectors. */
public class WideInt4FormatContractTest extends WideFormatContract {

  /** Made by JUnit. */
  public WideInt4FormatContractTest() {
    super(VectorQuantization.INT4);
  }
}

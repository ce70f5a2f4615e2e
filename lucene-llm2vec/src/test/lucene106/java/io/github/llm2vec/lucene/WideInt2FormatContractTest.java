/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/** Lucene's own contract of a vector format, for INT2 vectors. */
public class WideInt2FormatContractTest extends WideFormatContract {

  /** Made by JUnit. */
  public WideInt2FormatContractTest() {
    super(VectorQuantization.INT2);
  }
}

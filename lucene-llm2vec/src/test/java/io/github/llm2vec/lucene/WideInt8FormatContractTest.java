/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/** Lucene's own contract of a vector format, for INT8 vectors. */
public class WideInt8FormatContractTest extends WideFormatContract {

  /** Made by JUnit. */
  public WideInt8FormatContractTest() {
    super(VectorQuantization.INT8);
  }
}

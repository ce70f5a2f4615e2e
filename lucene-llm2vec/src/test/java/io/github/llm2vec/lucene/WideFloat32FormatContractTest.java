/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/** Lucene's own contract of a vector format, for FLOAT32 vectors. */
public class WideFloat32FormatContractTest extends WideFormatContract {

  /** Made by JUnit. */
  public WideFloat32FormatContractTest() {
    super(VectorQuantization.FLOAT32);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/**
 * How the vectors that a search walks over are kept. Lucene always writes the full floats as well,
 * so a quantised field needs more disk and less memory, and hits can be scored again exactly.
 */
public enum VectorQuantization {
  /** Full floats: 4 bytes per dimension are read for every comparison. */
  FLOAT32(32),
  /** 7 bits in a byte, which is what Lucene calls int8: 1 byte per dimension. */
  INT8(8),
  /** 4 bits, two dimensions in a byte: half a byte per dimension. */
  INT4(4),
  /** 1 bit per dimension with per-vector corrections. Lucene 10 only. */
  BINARY(1);

  private final int bitsPerDimension;

  VectorQuantization(int bitsPerDimension) {
    this.bitsPerDimension = bitsPerDimension;
  }

  /**
   * Bytes of one vector that should stay in memory while searching, without the graph and the few
   * bytes of corrections that quantised vectors carry.
   *
   * @param dimensions length of the vector
   */
  public long searchedBytes(int dimensions) {
    return ((long) dimensions * bitsPerDimension + 7) / 8;
  }
}

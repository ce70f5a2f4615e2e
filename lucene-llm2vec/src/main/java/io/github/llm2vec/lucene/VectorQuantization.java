/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import org.apache.lucene.util.Version;

/**
 * Quantisation of the vectors that a graph search compares. Lucene always writes the full floats as
 * well, so a quantised field needs more disk and less memory, and hits can be scored again exactly.
 */
public enum VectorQuantization {
  /** Full floats: 4 bytes per dimension are read for every comparison. */
  FLOAT32(32),
  /** 1 byte per dimension, of which Lucene uses 7 bits before release 10.4 and 8 since then. */
  INT8(8),
  /** 4 bits, two dimensions in a byte: half a byte per dimension. */
  INT4(4),
  /** 2 bits per dimension. Lucene 10.4 and later. */
  INT2(2),
  /** 1 bit per dimension. Lucene 10.2 and later. */
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

  /** What is thrown where this Lucene cannot write such vectors. */
  UnsupportedOperationException missing() {
    return new UnsupportedOperationException(
        "Lucene %s has no format for %s vectors; use INT8 or INT4".formatted(Version.LATEST, this));
  }
}

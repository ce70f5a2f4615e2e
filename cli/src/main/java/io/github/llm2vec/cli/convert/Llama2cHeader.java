/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.convert;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The seven little-endian 32-bit numbers at the start of a llama2.c checkpoint of the legacy format
 * (version 0).
 *
 * @param hidden width of the residual stream, H
 * @param intermediate width of the gated MLP, I
 * @param layers decoder layers
 * @param heads query heads, N
 * @param kvHeads key and value heads, K
 * @param vocab rows of the embedding, V
 * @param sharedClassifier whether the output layer is the embedding; stored as the sign of V
 * @param positions longest sequence
 */
record Llama2cHeader(
    int hidden,
    int intermediate,
    int layers,
    int heads,
    int kvHeads,
    int vocab,
    boolean sharedClassifier,
    int positions) {

  static final int BYTES = 7 * Integer.BYTES;

  /** First word of the newer formats, the letters "ak42". */
  private static final int VERSIONED_MAGIC = 0x616b3432;

  private static final int MAX_SIZE = 1 << 24;

  /**
   * Reads and checks the numbers.
   *
   * @param bytes the first {@link #BYTES} bytes of the file
   * @param file its name, for messages
   */
  static Llama2cHeader parse(ByteBuffer bytes, String file) throws IOException {
    ByteBuffer words = bytes.order(ByteOrder.LITTLE_ENDIAN);
    int first = words.getInt();
    if (first == VERSIONED_MAGIC) {
      throw new IOException(
          file
              + " is a llama2.c checkpoint of version "
              + words.getInt()
              + "; only the legacy format is read: export the model with --version 0");
    }
    int[] rest = new int[6];
    words.asIntBuffer().get(rest);
    int vocab = rest[4];
    Llama2cHeader header =
        new Llama2cHeader(
            first, rest[0], rest[1], rest[2], rest[3], Math.abs(vocab), vocab > 0, rest[5]);
    if (!header.plausible()) {
      throw new IOException(
          file + " is not a llama2.c checkpoint: its header reads " + header + "; check the file");
    }
    return header;
  }

  private boolean plausible() {
    return inRange(hidden)
        && inRange(intermediate)
        && inRange(layers)
        && inRange(heads)
        && inRange(kvHeads)
        && inRange(vocab)
        && inRange(positions)
        && hidden % heads == 0
        && heads % kvHeads == 0
        && headDim() % 2 == 0;
  }

  private static boolean inRange(int size) {
    return size > 0 && size <= MAX_SIZE;
  }

  /**
   * Size of the file that this header calls for. It is computed before anything is laid out, since
   * the numbers may be anything.
   *
   * @throws ArithmeticException if no file can have that size
   */
  long fileBytes() {
    long perLayer = 2L * hidden;
    perLayer = Math.addExact(perLayer, Math.multiplyExact(2L * hidden, hidden));
    perLayer = Math.addExact(perLayer, Math.multiplyExact(2L * hidden, kvWidth()));
    perLayer = Math.addExact(perLayer, Math.multiplyExact(3L * hidden, intermediate));
    long elements = Math.multiplyExact(perLayer, layers);
    long embedding = Math.multiplyExact((long) vocab, hidden);
    elements = Math.addExact(elements, sharedClassifier ? embedding : 2 * embedding);
    elements = Math.addExact(elements, hidden + (long) positions * headDim());
    return Math.addExact(BYTES, Math.multiplyExact(elements, Float.BYTES));
  }

  /** Size of a head, D. */
  int headDim() {
    return hidden / heads;
  }

  /** Width of all key heads together, K * D. */
  int kvWidth() {
    return kvHeads * headDim();
  }
}

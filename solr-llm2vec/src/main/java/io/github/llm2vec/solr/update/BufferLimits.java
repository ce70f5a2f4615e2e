/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.time.Duration;

/**
 * Limits of the buffer in which documents wait to be encoded together. A single document may have
 * more than fits; it is then encoded alone.
 *
 * @param documents most documents
 * @param tokens most tokens of their texts, estimated at four characters each
 * @param bytes most memory of the documents and of the vectors that they are going to get, about
 * @param patience how long a request waits for a model that is being opened
 */
public record BufferLimits(int documents, long tokens, long bytes, Duration patience) {

  /** 128 documents, a million tokens, 64 MiB; ten minutes for a model to open. */
  public static final BufferLimits DEFAULTS =
      new BufferLimits(128, 1_000_000, 64L << 20, Duration.ofMinutes(10));

  /** Rejects limits that nothing fits into. */
  public BufferLimits {
    if (documents < 1 || tokens < 1 || bytes < 1) {
      throw new IllegalArgumentException(
          "a buffer must hold at least 1 document, 1 token and 1 byte, found %s, %s and %s"
              .formatted(documents, tokens, bytes));
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience cannot be negative, found " + patience);
    }
  }
}

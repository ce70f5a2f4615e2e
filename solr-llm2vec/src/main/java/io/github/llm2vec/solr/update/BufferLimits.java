/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.time.Duration;

/**
 * How much of a request waits to be encoded together.
 *
 * @param documents most documents
 * @param characters most characters of their fields, about; one document may have more
 * @param patience how long a request waits for a model that is being opened
 */
public record BufferLimits(int documents, long characters, Duration patience) {

  /** 128 documents or 4 million characters; ten minutes for a model to open. */
  public static final BufferLimits DEFAULTS =
      new BufferLimits(128, 4_000_000, Duration.ofMinutes(10));

  /** Rejects limits that nothing fits into. */
  public BufferLimits {
    if (documents < 1 || characters < 1) {
      throw new IllegalArgumentException(
          "a buffer must hold at least 1 document and 1 character, found %d and %d"
              .formatted(documents, characters));
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience cannot be negative, found " + patience);
    }
  }
}

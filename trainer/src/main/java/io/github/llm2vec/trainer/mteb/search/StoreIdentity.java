/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;

/**
 * The identity of a vector store: encoder, dimensions, role and instruction. Stores with another
 * identity are not continued.
 *
 * @param encoder fingerprint of the encoder
 * @param dimensions length of a vector
 * @param role how the texts were presented
 * @param instruction what was put before them
 * @param shardVectors vectors in every shard but the last
 */
public record StoreIdentity(
    String encoder, int dimensions, String role, String instruction, int shardVectors) {

  private static final long LARGEST_FILE = Integer.MAX_VALUE - 1024L;

  /** Rejects shards that could not be mapped. */
  public StoreIdentity {
    if (dimensions < 1 || shardVectors < 1) {
      throw new IllegalArgumentException(
          "dimensions and shardVectors must be at least 1, got %s and %s"
              .formatted(dimensions, shardVectors));
    }
    if ((long) dimensions * shardVectors * Float.BYTES > LARGEST_FILE) {
      throw new IllegalArgumentException(
          "shardVectors must be at most %s for %s dimensions, so that a shard stays below 2 GB, got"
                  .formatted(LARGEST_FILE / Float.BYTES / dimensions, dimensions)
              + " "
              + shardVectors);
    }
  }

  /** The identity of the same vectors as the encoder gives them, not scaled to length 1. */
  StoreIdentity unscaled() {
    return new StoreIdentity(encoder, dimensions, role + ", unscaled", instruction, shardVectors);
  }

  /** The identity of what an encoder makes of texts. */
  public static StoreIdentity of(TextEncoder encoder, Prompt prompt, int shardVectors) {
    return new StoreIdentity(
        encoder.fingerprint(),
        encoder.dimensions(),
        prompt.role().name(),
        prompt.instruction(),
        shardVectors);
  }
}

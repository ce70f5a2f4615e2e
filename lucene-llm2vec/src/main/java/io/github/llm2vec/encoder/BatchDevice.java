/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.List;

/**
 * A device that runs batches of a {@link BatchModel}. A model may have several, which run at once
 * and give the same vectors up to rounding.
 */
public interface BatchDevice {

  /** What operators call it, such as {@code cuda:1}; no two devices of a model have one name. */
  String name();

  /** How its batches are laid out, for reckoning their cost. */
  BatchLayout layout();

  /** Most tokens that may go through the device at once, unless a single text is longer. */
  int maxBatchTokens();

  /**
   * Runs a batch. Called from one thread at a time.
   *
   * @param texts at least one, tokenised by the device's model
   * @return {@code (B, dimensions)}, fresh arrays in the order of the texts
   * @throws DeviceOutOfMemoryException if a smaller batch may succeed
   * @throws RuntimeException if any of the texts, or the device itself, makes the batch fail
   */
  float[][] encode(List<TokenizedText> texts);
}

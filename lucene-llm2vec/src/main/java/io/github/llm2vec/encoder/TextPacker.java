/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.PackedBatch;
import java.util.Arrays;

/**
 * Puts prepared texts into a batch with the weights by which their hidden states are pooled:
 * encoding and training do it alike. Immutable.
 */
public final class TextPacker {

  private final Pooling pooling;
  private final int padId;

  /**
   * @param pooling how vectors are made of hidden states
   * @param padId id of padding, for rows that are pooled over it
   */
  public TextPacker(Pooling pooling, int padId) {
    this.pooling = pooling;
    this.padId = padId;
  }

  /**
   * Adds a text and what is pooled of it.
   *
   * @param rowLength length of the text's row if it is pooled over its padding, see {@link
   *     TokenizedText#poolsPadding()}; otherwise nothing is padded
   */
  public void add(PackedBatch.Builder builder, TokenizedText text, int rowLength) {
    int length = rowLength(text, rowLength);
    int padding = length - text.length();
    int[] ids = new int[length];
    Arrays.fill(ids, 0, padding, padId);
    text.copyIds(ids, padding);
    builder.add(ids, padding);
    PoolWeights weights = pooling.weights(text, length);
    for (int i = 0; i < weights.size(); i++) {
      builder.pool(weights.first() + i, weights.weight(i));
    }
  }

  /** Tokens that a text takes in a batch whose rows have a length. */
  static int rowLength(TokenizedText text, int rowLength) {
    return text.poolsPadding() ? rowLength : text.length();
  }
}

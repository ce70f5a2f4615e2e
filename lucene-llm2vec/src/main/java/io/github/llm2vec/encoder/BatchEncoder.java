/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.PackedBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Runs prepared texts through a decoder: plans the batches, packs them, and brings the vectors back
 * into the order of the texts. Does not own the decoder.
 */
final class BatchEncoder {

  private final Decoder decoder;
  private final Pooling pooling;
  private final BatchPlanner planner;
  private final int padId;

  BatchEncoder(Decoder decoder, Pooling pooling, BatchPlanner planner, int padId) {
    this.decoder = decoder;
    this.pooling = pooling;
    this.planner = planner;
    this.padId = padId;
  }

  /**
   * Encodes texts.
   *
   * @param rowLengths for every text the length of its row, padding included; only rows that are
   *     pooled over their padding are really padded
   * @return {@code (B, H)}, pooled, neither cut nor normalised
   */
  float[][] encode(List<TokenizedText> texts, int[] rowLengths) {
    int[] lengths = new int[texts.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = texts.get(i).poolsPadding() ? rowLengths[i] : texts.get(i).length();
    }
    float[][] vectors = new float[texts.size()][];
    for (BatchPlanner.Batch batch : planner.plan(lengths).batches()) {
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int index : batch.texts()) {
        add(builder, texts.get(index), lengths[index]);
      }
      float[][] rows = decoder.forward(builder.build());
      for (int row = 0; row < rows.length; row++) {
        vectors[batch.texts().get(row)] = rows[row];
      }
    }
    return vectors;
  }

  private void add(PackedBatch.Builder builder, TokenizedText text, int rowLength) {
    int padding = rowLength - text.length();
    int[] ids = new int[rowLength];
    Arrays.fill(ids, 0, padding, padId);
    text.copyIds(ids, padding);
    builder.add(ids, padding);
    PoolWeights weights = pooling.weights(text, rowLength);
    for (int i = 0; i < weights.size(); i++) {
      builder.pool(weights.first() + i, weights.weight(i));
    }
  }
}

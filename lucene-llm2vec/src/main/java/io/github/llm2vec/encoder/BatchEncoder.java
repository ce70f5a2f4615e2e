/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.PackedBatch;
import java.util.List;

/**
 * Runs prepared texts through a decoder: plans the batches, packs them, and brings the vectors back
 * into the order of the texts. Does not own the decoder.
 */
final class BatchEncoder {

  private final Decoder decoder;
  private final TextPacker packer;
  private final BatchPlanner planner;

  BatchEncoder(Decoder decoder, TextPacker packer, BatchPlanner planner) {
    this.decoder = decoder;
    this.packer = packer;
    this.planner = planner;
  }

  /**
   * Encodes texts.
   *
   * @param rowLengths for every text the length of its row, padding included; only rows that are
   *     pooled over their padding are really padded
   * @return {@code (B, H)}, pooled, neither cut nor normalised; H for each pooling if there are
   *     several
   */
  float[][] encode(List<TokenizedText> texts, int[] rowLengths) {
    int[] lengths = new int[texts.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = TextPacker.rowLength(texts.get(i), rowLengths[i]);
    }
    float[][] vectors = new float[texts.size()][];
    for (BatchPlanner.Batch batch : planner.plan(lengths).batches()) {
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int index : batch.texts()) {
        packer.add(builder, texts.get(index), lengths[index]);
      }
      float[][] rows = decoder.forward(builder.build());
      int row = 0;
      for (int index : batch.texts()) {
        vectors[index] = packer.join(rows, row, texts.get(index));
        row += packer.vectors(texts.get(index));
      }
    }
    return vectors;
  }
}

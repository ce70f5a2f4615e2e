/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.TextPacker;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.torch.MatryoshkaDims;
import io.github.llm2vec.trainer.dataloader.ContrastiveBatch;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The contrastive objective (InfoNCE with in-batch negatives) of SimCSE and supervised training: a
 * query is to be nearer to its positive than to all other texts of the batch.
 */
final class ContrastiveObjective implements Objective<ContrastiveBatch> {

  private final TrainableDecoder decoder;
  private final TextPacker packer;
  private final double scale;
  private final MatryoshkaDims dims;
  private final int textsAtOnce;

  /**
   * @param packer how texts are pooled
   * @param scale what cosines are multiplied by
   * @param dims widths at which the loss is computed
   * @param miniBatch texts that go through the model at once; all if unsaid
   */
  ContrastiveObjective(
      TrainableDecoder decoder,
      TextPacker packer,
      double scale,
      MatryoshkaDims dims,
      OptionalInt miniBatch) {
    this.decoder = decoder;
    this.packer = packer;
    this.scale = scale;
    this.dims = dims;
    this.textsAtOnce = miniBatch.orElse(Integer.MAX_VALUE);
  }

  @Override
  public int tokens(ContrastiveBatch batch) {
    return batch.tokens();
  }

  @Override
  public int rows(ContrastiveBatch batch) {
    return batch.rows();
  }

  @Override
  public double addGradient(ContrastiveBatch batch, double weight) {
    return decoder
        .trainer()
        .addContrastiveLoss(
            packer.pack(lists(batch), textsAtOnce), batch.rows(), scale, dims, weight);
  }

  @Override
  public Evaluation<ContrastiveBatch> evaluation() {
    throw new UnsupportedOperationException("contrastive training has no evaluation");
  }

  /** Upstream pads the queries, the positives and the negatives each by themselves. */
  private static List<List<TokenizedText>> lists(ContrastiveBatch batch) {
    return List.of(batch.queries(), batch.positives(), batch.negatives());
  }

  @Override
  public JsonNode describe(ContrastiveBatch batch) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    List<String> names = List.of("queries", "positives", "negatives");
    for (int i = 0; i < names.size(); i++) {
      ArrayNode texts = json.putArray(names.get(i));
      for (TokenizedText text : lists(batch).get(i)) {
        ObjectNode entry = texts.addObject();
        Arrays.stream(text.ids()).forEach(entry.putArray("input_ids")::add);
        entry.put("pooled", text.poolLength());
      }
    }
    return json;
  }
}

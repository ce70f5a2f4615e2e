/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.TextPacker;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.torch.DistillationLoss;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.trainer.distillation.DistillationBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The objective of distillation: the student's vector of a text is to be like the teacher's. */
final class DistillationObjective implements Objective<DistillationBatch> {

  private final TrainableDecoder decoder;
  private final TextPacker packer;
  private final DistillationLoss loss;
  private final int textsAtOnce;

  /**
   * @param packer how texts are pooled
   * @param loss what is minimised
   * @param miniBatch texts that go through the model at once; all if unsaid
   */
  DistillationObjective(
      TrainableDecoder decoder, TextPacker packer, DistillationLoss loss, OptionalInt miniBatch) {
    this.decoder = decoder;
    this.packer = packer;
    this.loss = loss;
    this.textsAtOnce = miniBatch.orElse(Integer.MAX_VALUE);
  }

  @Override
  public int tokens(DistillationBatch batch) {
    return batch.tokens();
  }

  @Override
  public int rows(DistillationBatch batch) {
    return batch.texts();
  }

  @Override
  public double addGradient(DistillationBatch batch, double weight) {
    return decoder
        .trainer()
        .addDistillationLoss(
            parts(batch, textsAtOnce), batch.queries().size(), batch.rows(), loss, weight);
  }

  /**
   * {@code eval_loss} and, where the widths are the same, {@code eval_cosine}, means over texts.
   */
  @Override
  public Evaluation<DistillationBatch> evaluation() {
    return new Evaluation<>() {
      private double sumOfLosses;
      private double sumOfCosines;
      private long texts;

      @Override
      public void add(DistillationBatch batch) {
        PackedBatch packed = parts(batch, Integer.MAX_VALUE).get(0);
        DistillationLoss.Score score =
            decoder.trainer().distillationScore(packed, batch.queries().size(), batch.rows(), loss);
        sumOfLosses += score.loss() * batch.texts();
        sumOfCosines += score.cosine() * batch.texts();
        texts += batch.texts();
      }

      @Override
      public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(Evaluator.LOSS, sumOfLosses / texts);
        if (!Double.isNaN(sumOfCosines)) {
          metrics.put("eval_cosine", sumOfCosines / texts);
        }
        return metrics;
      }
    };
  }

  private List<PackedBatch> parts(DistillationBatch batch, int most) {
    return packer.pack(texts(batch).stream().map(List::of).toList(), most);
  }

  private static List<TokenizedText> texts(DistillationBatch batch) {
    List<TokenizedText> texts = new ArrayList<>(batch.queries());
    texts.addAll(batch.documents());
    return texts;
  }

  @Override
  public JsonNode describe(DistillationBatch batch) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("queries", batch.queries().size());
    for (TokenizedText text : texts(batch)) {
      Arrays.stream(text.ids())
          .forEach(json.withArray("texts").addObject().putArray("input_ids")::add);
    }
    return json;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.MaskedLanguageModelScore;
import io.github.llm2vec.torch.PackedBatch;
import java.nio.FloatBuffer;
import java.util.List;

/** The engine as the loop sees it. Owns the engine's trainer. */
final class TorchTrainableModel implements TrainableModel {

  private final DecoderTrainer trainer;

  TorchTrainableModel(DecoderTrainer trainer) {
    this.trainer = trainer;
  }

  @Override
  public List<String> names() {
    return trainer.names();
  }

  @Override
  public List<Long> shape(String name) {
    return trainer.shape(name);
  }

  @Override
  public void read(Part part, String name, long first, FloatBuffer target) {
    trainer.read(kind(part), name, first, target);
  }

  @Override
  public void write(Part part, String name, long first, FloatBuffer values) {
    trainer.write(kind(part), name, first, values);
  }

  private static DecoderTrainer.Kind kind(Part part) {
    return switch (part) {
      case VALUE -> DecoderTrainer.Kind.VALUE;
      case MEAN -> DecoderTrainer.Kind.MEAN;
      case MEAN_SQUARE -> DecoderTrainer.Kind.MEAN_SQUARE;
    };
  }

  @Override
  public void seed(long seed) {
    trainer.seed(seed);
  }

  @Override
  public double addMaskedLoss(PackedBatch batch, double weight) {
    return trainer.addMaskedLoss(batch, weight);
  }

  @Override
  public MaskedLanguageModelScore scoreMasked(PackedBatch batch) {
    return trainer.maskedScore(batch);
  }

  @Override
  public double addContrastiveLoss(
      List<PackedBatch> parts, int queries, double scale, double weight) {
    return parts.size() == 1
        ? trainer.addContrastiveLoss(parts.get(0), queries, scale, weight)
        : trainer.addContrastiveLoss(parts, queries, scale, weight);
  }

  @Override
  public double gradientNorm() {
    return trainer.gradientNorm();
  }

  @Override
  public double clipGradients(double maxNorm) {
    return trainer.clipGradients(maxNorm);
  }

  @Override
  public void zeroGradients() {
    trainer.zeroGradients();
  }

  @Override
  public void update(AdamW adam, long update) {
    trainer.update(adam, Math.toIntExact(update));
  }

  @Override
  public void close() {
    trainer.close();
  }
}

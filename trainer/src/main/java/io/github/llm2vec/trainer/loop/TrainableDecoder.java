/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.DistillationLoss;
import io.github.llm2vec.torch.DistillationScore;
import io.github.llm2vec.torch.MaskedLanguageModelScore;
import io.github.llm2vec.torch.MatryoshkaDims;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.trainer.checkpoint.SentenceTransformersFiles;
import io.github.llm2vec.trainer.checkpoint.TensorFile;
import io.github.llm2vec.trainer.loop.Trainer.TrainableModel;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder that is trained by libtorch, with the losses of language modelling and contrastive
 * learning. Owns the {@link DecoderTrainer}.
 */
final class TrainableDecoder implements TrainableModel {

  private final DecoderTrainer trainer;

  TrainableDecoder(DecoderTrainer trainer) {
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

  /**
   * Reads the values of the linear layer behind the pooling.
   *
   * @param file its safetensors
   * @param bias whether there is a bias, which else stays zero
   */
  void readDense(Path file, boolean bias) throws IOException {
    List<TensorFile.Entry> entries = new ArrayList<>();
    for (String name : names()) {
      if (name.startsWith(SentenceTransformersFiles.DENSE) && (bias || !name.endsWith("bias"))) {
        String stored = name.substring(SentenceTransformersFiles.DENSE.length());
        entries.add(new TensorFile.Entry(stored, name, Part.VALUE));
      }
    }
    TensorFile.read(file, this, entries);
  }

  @Override
  public void seed(long seed) {
    trainer.seed(seed);
  }

  /**
   * Adds the gradient of the mean cross-entropy of the labelled tokens.
   *
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addMaskedLoss(PackedBatch batch, double weight) {
    return trainer.addMaskedLoss(batch, weight);
  }

  /** Evaluates what {@link #addMaskedLoss} trains, without dropout and without a gradient. */
  MaskedLanguageModelScore scoreMasked(PackedBatch batch) {
    return trainer.maskedScore(batch);
  }

  /**
   * Adds the gradient of the contrastive loss over all texts of some batches together.
   *
   * @param parts texts with pooling, first all queries, then their positives, then the negatives
   * @param queries number of queries
   * @param scale what cosines are multiplied by
   * @param dims widths at which it is computed
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addContrastiveLoss(
      List<PackedBatch> parts, int queries, double scale, MatryoshkaDims dims, double weight) {
    return trainer.addContrastiveLoss(parts, queries, scale, dims, weight);
  }

  /**
   * Adds the gradient of a distillation loss.
   *
   * @param parts texts with pooling, first all queries, then the documents
   * @param queries number of queries
   * @param teacher the teacher's vectors of all texts
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   */
  double addDistillationLoss(
      List<PackedBatch> parts,
      int queries,
      float[][] teacher,
      DistillationLoss loss,
      double weight) {
    return trainer.addDistillationLoss(parts, queries, teacher, loss, weight);
  }

  /** Evaluates what {@link #addDistillationLoss} trains, without dropout and without a gradient. */
  DistillationScore scoreDistillation(
      PackedBatch batch, int queries, float[][] teacher, DistillationLoss loss) {
    return trainer.distillationScore(batch, queries, teacher, loss);
  }

  /** Width of the vectors that {@link #project} gives. */
  int vectorWidth() {
    return trainer.vectorWidth();
  }

  /** The vectors of a batch, with the linear layer if there is one, without dropout. */
  float[][] project(PackedBatch batch) {
    return trainer.project(batch);
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.torch.DecoderTrainer;
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
record TrainableDecoder(DecoderTrainer trainer) implements TrainableModel {

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

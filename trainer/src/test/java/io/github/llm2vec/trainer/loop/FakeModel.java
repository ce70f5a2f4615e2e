/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.trainer.loop.Trainer.TrainableModel;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A model of four numbers that are drawn towards a batch's, with noise in the place of dropout. */
final class FakeModel implements TrainableModel {

  private static final String NAME = "layers.0.self_attn.q_proj.lora_A.weight";
  private static final int SIZE = 4;

  private final Map<Part, float[]> numbers = new EnumMap<>(Part.class);
  private final double[] gradient = new double[SIZE];
  private SplittableRandom dropout = new SplittableRandom(0);

  FakeModel() {
    for (Part part : Part.values()) {
      numbers.put(part, new float[SIZE]);
    }
  }

  /** Half the squared distance to a target, part of which is dropped at random. */
  double addDistance(double target, double weight) {
    double loss = 0;
    for (int i = 0; i < SIZE; i++) {
      double kept = dropout.nextDouble() < 0.3 ? 0 : 1;
      double distance = kept * (numbers.get(Part.VALUE)[i] - target * (i + 1));
      gradient[i] += weight * distance;
      loss += distance * distance / 2;
    }
    return loss;
  }

  double distance(double target) {
    double loss = 0;
    for (int i = 0; i < SIZE; i++) {
      double distance = numbers.get(Part.VALUE)[i] - target * (i + 1);
      loss += distance * distance / 2;
    }
    return loss;
  }

  @Override
  public List<String> names() {
    return List.of(NAME);
  }

  @Override
  public List<Long> shape(String name) {
    return List.of(1L, (long) SIZE);
  }

  @Override
  public void read(Part part, String name, long first, FloatBuffer target) {
    target.put(numbers.get(part), (int) first, target.remaining());
  }

  @Override
  public void write(Part part, String name, long first, FloatBuffer values) {
    values.get(numbers.get(part), (int) first, values.remaining());
  }

  float[] values() {
    return numbers.get(Part.VALUE).clone();
  }

  @Override
  public void seed(long seed) {
    dropout = new SplittableRandom(seed);
  }

  @Override
  public double gradientNorm() {
    double squares = 0;
    for (double part : gradient) {
      squares += part * part;
    }
    return Math.sqrt(squares);
  }

  @Override
  public double clipGradients(double maxNorm) {
    double norm = gradientNorm();
    double factor = Math.min(1, maxNorm / (norm + 1e-6));
    for (int i = 0; i < SIZE; i++) {
      gradient[i] *= factor;
    }
    return norm;
  }

  @Override
  public void zeroGradients() {
    Arrays.fill(gradient, 0);
  }

  @Override
  public void update(AdamW adam, long update) {
    float[] values = numbers.get(Part.VALUE);
    float[] mean = numbers.get(Part.MEAN);
    float[] square = numbers.get(Part.MEAN_SQUARE);
    for (int i = 0; i < SIZE; i++) {
      mean[i] = (float) (adam.beta1() * mean[i] + (1 - adam.beta1()) * gradient[i]);
      square[i] =
          (float) (adam.beta2() * square[i] + (1 - adam.beta2()) * gradient[i] * gradient[i]);
      double first = mean[i] / (1 - Math.pow(adam.beta1(), (double) update));
      double second = square[i] / (1 - Math.pow(adam.beta2(), (double) update));
      values[i] -= (float) (adam.learningRate() * first / (Math.sqrt(second) + adam.epsilon()));
    }
  }

  @Override
  public void close() {}
}

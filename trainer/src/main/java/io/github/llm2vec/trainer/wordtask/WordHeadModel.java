/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadConfig;
import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.trainer.loop.Trainer.TrainableModel;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A linear head as a trainable model: {@code torch.nn.Linear(H, L)} with the gradient of the mean
 * cross-entropy, and AdamW (Loshchilov and Hutter, 2019, Decoupled Weight Decay Regularization,
 * algorithm 2) without decay of the bias, as in transformers.
 *
 * <p>Weights are {@code (H, L)}, the labels of a state side by side, so that inner loops run over
 * neighbouring floats and become SIMD code.
 */
final class WordHeadModel implements TrainableModel {

  /** What PyTorch adds to a norm before it divides by it. */
  private static final double NORM_EPSILON = 1e-6;

  private final WordHeadConfig config;
  private final int labels;
  private final Parameter weight; // (H, L)
  private final Parameter bias; // (L)
  private double gradientScale = 1;

  /** A parameter with its gradient and the moments of AdamW. */
  private static final class Parameter {

    private final float[] value;
    private final float[] gradient;
    private final float[] mean;
    private final float[] meanSquare;

    Parameter(int size) {
      value = new float[size];
      gradient = new float[size];
      mean = new float[size];
      meanSquare = new float[size];
    }

    float[] part(Part part) {
      return switch (part) {
        case VALUE -> value;
        case MEAN -> mean;
        case MEAN_SQUARE -> meanSquare;
      };
    }
  }

  /**
   * A head with the weights of {@code torch.nn.Linear(H, L)} after {@code torch.manual_seed(seed)},
   * uniform between plus and minus one over the root of H.
   */
  WordHeadModel(WordHeadConfig config, long seed) {
    this.config = config;
    this.labels = config.labels().size();
    int hidden = config.hiddenSize();
    this.weight = new Parameter(hidden * labels);
    this.bias = new Parameter(labels);
    TorchGenerator random = new TorchGenerator(seed);
    float bound = (float) (1 / Math.sqrt(hidden));
    // PyTorch draws the weight as (L, H).
    for (int label = 0; label < labels; label++) {
      for (int h = 0; h < hidden; h++) {
        weight.value[h * labels + label] = random.uniform() * (bound + bound) - bound;
      }
    }
    for (int label = 0; label < labels; label++) {
      bias.value[label] = random.uniform() * (bound + bound) - bound;
    }
  }

  WordHeadConfig config() {
    return config;
  }

  /** The head as it is now. */
  WordHead head() {
    return new WordHead(config, weight.value, bias.value);
  }

  @Override
  public List<String> names() {
    return List.of("weight", "bias");
  }

  private Parameter parameter(String name) {
    return name.equals("weight") ? weight : bias;
  }

  /** Flat, as the moments lie in a checkpoint. */
  @Override
  public List<Long> shape(String name) {
    return List.of((long) parameter(name).value.length);
  }

  @Override
  public void read(Part part, String name, long first, FloatBuffer target) {
    target.put(parameter(name).part(part), (int) first, target.remaining());
  }

  @Override
  public void write(Part part, String name, long first, FloatBuffer values) {
    values.get(parameter(name).part(part), (int) first, values.remaining());
  }

  /** Dropout is seeded by the number of a batch, so there is nothing to seed here. */
  @Override
  public void seed(long seed) {}

  /**
   * Adds the gradient of a batch.
   *
   * @param states {@code (N, H)}, row after row, dropout applied
   * @param truth {@code (N)} numbers of labels, at least one
   * @param share what the batch counts in the update: 1 over the number of batches
   * @return the mean cross-entropy of the batch
   */
  double addGradient(float[] states, int[] truth, double share) {
    int hidden = config.hiddenSize();
    double loss = 0;
    float[] slope = new float[labels];
    float scale = (float) (share / truth.length);
    for (int n = 0; n < truth.length; n++) {
      int row = n * hidden;
      logits(states, row, slope);
      loss += crossEntropy(slope, truth[n]);
      slope[truth[n]] -= 1;
      for (int label = 0; label < labels; label++) {
        slope[label] *= scale;
        bias.gradient[label] += slope[label];
      }
      for (int h = 0; h < hidden; h++) {
        float state = states[row + h];
        int at = h * labels;
        for (int label = 0; label < labels; label++) {
          weight.gradient[at + label] += state * slope[label];
        }
      }
    }
    return loss / truth.length;
  }

  private void logits(float[] states, int row, float[] logits) {
    System.arraycopy(bias.value, 0, logits, 0, labels);
    for (int h = 0; h < config.hiddenSize(); h++) {
      float state = states[row + h];
      int at = h * labels;
      for (int label = 0; label < labels; label++) {
        logits[label] += state * weight.value[at + label];
      }
    }
  }

  /** Turns logits into probabilities. */
  private static double crossEntropy(float[] logits, int truth) {
    float largest = logits[0];
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - largest);
    }
    double loss = Math.log(sum) + largest - logits[truth];
    for (int label = 0; label < logits.length; label++) {
      logits[label] = (float) (Math.exp((double) logits[label] - largest) / sum);
    }
    return loss;
  }

  @Override
  public double gradientNorm() {
    return Math.sqrt(Vectors.squaredLength(weight.gradient) + Vectors.squaredLength(bias.gradient));
  }

  /** The scale is applied by the next update, in double precision. */
  @Override
  public double clipGradients(double maxNorm) {
    double norm = gradientNorm();
    gradientScale = Math.min(1, maxNorm / (norm + NORM_EPSILON));
    return norm;
  }

  @Override
  public void zeroGradients() {
    Arrays.fill(weight.gradient, 0);
    Arrays.fill(bias.gradient, 0);
    gradientScale = 1;
  }

  @Override
  public void update(AdamW adam, long update) {
    update(weight, adam, update, adam.weightDecay());
    update(bias, adam, update, 0);
  }

  private void update(Parameter parameter, AdamW adam, long update, double decay) {
    double beta1 = adam.beta1();
    double beta2 = adam.beta2();
    double size = adam.learningRate() / (1 - Math.pow(beta1, (double) update));
    double squareScale = Math.sqrt(1 - Math.pow(beta2, (double) update));
    double kept = 1 - adam.learningRate() * decay;
    for (int i = 0; i < parameter.value.length; i++) {
      double g = parameter.gradient[i] * gradientScale;
      double mean = beta1 * parameter.mean[i] + (1 - beta1) * g;
      double square = beta2 * parameter.meanSquare[i] + (1 - beta2) * g * g;
      parameter.mean[i] = (float) mean;
      parameter.meanSquare[i] = (float) square;
      double length = Math.sqrt(square) / squareScale + adam.epsilon();
      parameter.value[i] = (float) (parameter.value[i] * kept - size * mean / length);
    }
  }

  @Override
  public void close() {}
}

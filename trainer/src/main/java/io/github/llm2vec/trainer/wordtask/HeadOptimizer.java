/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.trainer.config.OptimizerArguments;
import java.util.List;

/**
 * AdamW on the two parameters of a head, with the norm of both gradients together limited as {@code
 * torch.nn.utils.clip_grad_norm_} limits it (Loshchilov and Hutter, 2019, Decoupled Weight Decay
 * Regularization, algorithm 2). Biases are not decayed, as in transformers.
 */
final class HeadOptimizer {

  /** What PyTorch adds to a norm before it divides by it. */
  private static final double NORM_EPSILON = 1e-6;

  private final OptimizerArguments arguments;
  private final HeadGradient head;
  private final Moments weight;
  private final Moments bias;
  private long updates;

  /** Running means of a parameter's gradient and of its square. */
  static final class Moments {

    private final float[] mean;
    private final float[] square;

    /**
     * Takes arrays over, which change with every update.
     *
     * @param mean of the gradient
     * @param square of the squared gradient
     */
    Moments(float[] mean, float[] square) {
      this.mean = mean;
      this.square = square;
    }

    static Moments zero(int size) {
      return new Moments(new float[size], new float[size]);
    }

    float[] mean() {
      return mean;
    }

    float[] square() {
      return square;
    }
  }

  HeadOptimizer(OptimizerArguments arguments, HeadGradient head) {
    this(
        arguments,
        head,
        List.of(Moments.zero(head.weight().length), Moments.zero(head.bias().length)),
        0);
  }

  /** Goes on with the moments of weight and bias that an earlier run had after its updates. */
  HeadOptimizer(
      OptimizerArguments arguments, HeadGradient head, List<Moments> moments, long updates) {
    this.arguments = arguments;
    this.head = head;
    this.weight = moments.get(0);
    this.bias = moments.get(1);
    this.updates = updates;
  }

  /** The moments of weight and bias. */
  List<Moments> moments() {
    return List.of(weight, bias);
  }

  /**
   * Makes one update with the gradients there are.
   *
   * @param rate learning rate of this update
   * @return norm of the gradients before it was limited
   */
  double step(double rate) {
    updates++;
    double norm = Math.sqrt(squares(head.weightGradient()) + squares(head.biasGradient()));
    double limit = arguments.maxGradNorm();
    double scale = limit > 0 ? Math.min(1, limit / (norm + NORM_EPSILON)) : 1;
    step(head.weight(), head.weightGradient(), weight, new Step(rate, scale, true));
    step(head.bias(), head.biasGradient(), bias, new Step(rate, scale, false));
    return norm;
  }

  /** How one parameter moves. */
  private record Step(double rate, double gradientScale, boolean decayed) {}

  private void step(float[] values, float[] gradient, Moments moments, Step step) {
    double beta1 = arguments.beta1();
    double beta2 = arguments.beta2();
    double size = step.rate() / (1 - Math.pow(beta1, (double) updates));
    double squareScale = Math.sqrt(1 - Math.pow(beta2, (double) updates));
    double kept = step.decayed() ? 1 - step.rate() * arguments.weightDecay() : 1;
    for (int i = 0; i < values.length; i++) {
      double g = gradient[i] * step.gradientScale();
      double mean = beta1 * moments.mean()[i] + (1 - beta1) * g;
      double square = beta2 * moments.square()[i] + (1 - beta2) * g * g;
      moments.mean()[i] = (float) mean;
      moments.square()[i] = (float) square;
      double length = Math.sqrt(square) / squareScale + arguments.epsilon();
      values[i] = (float) (values[i] * kept - size * mean / length);
    }
  }

  private static double squares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The names and places of the trained tensors in a module's list {@code l}: weights that the module
 * keeps stacked are one entry there, but several tensors of a checkpoint.
 */
final class TrainedTensors {

  /** The name of the language model's head. */
  static final String HEAD = "lm_head.weight";

  /** The weight of the linear layer behind the pooling. */
  static final String DENSE_WEIGHT = "dense.linear.weight";

  /** Its bias. */
  static final String DENSE_BIAS = "dense.linear.bias";

  private static final Set<String> OUTSIDE_LAYERS =
      Set.of("embed_tokens.weight", "norm.weight", HEAD, DENSE_WEIGHT);

  /**
   * What the optimiser asks of an entry of the list.
   *
   * @param decayed whether weight decay applies
   * @param outsideLayers whether it is the embeddings, the last norm or the head
   */
  private record Entry(boolean decayed, boolean outsideLayers) {}

  /**
   * A tensor.
   *
   * @param entry its index in the list
   * @param first its first element within the entry
   * @param shape its dimensions
   */
  record Tensor(int entry, long first, List<Long> shape) {

    Tensor {
      shape = List.copyOf(shape);
    }

    long elements() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }
  }

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final List<Entry> entries = new ArrayList<>();

  private TrainedTensors(
      DecoderSpec spec, TrainOptions options, WeightLayout layout, LoraLayout lora) {
    for (LoraLayout.Matrix matrix : lora.matrices()) {
      add(matrix.name(), matrix.rows(), matrix.columns());
    }
    if (options.allWeights()) {
      layout.slots().forEach(this::add);
    }
    if (options.head() == LanguageModelHead.TRAINED) {
      add(HEAD, spec.vocabSize(), spec.hiddenSize());
    }
    if (options.denseWidth() > 0) {
      long width = options.denseWidth();
      add(DENSE_WEIGHT, width, spec.outputSize());
      tensors.put(DENSE_BIAS, new Tensor(entries.size(), 0, List.of(width)));
      entries.add(new Entry(false, true));
    }
  }

  static TrainedTensors of(DecoderSpec spec, TrainOptions options) {
    return new TrainedTensors(
        spec,
        options,
        new WeightLayout(spec, LinearKernel.PLAIN),
        LoraLayout.of(spec, options.trained()));
  }

  private void add(String name, long rows, long columns) {
    tensors.put(name, new Tensor(entries.size(), 0, List.of(rows, columns)));
    entries.add(new Entry(true, OUTSIDE_LAYERS.contains(name)));
  }

  private void add(WeightLayout.Slot slot) {
    long first = 0;
    for (WeightLayout.Part part : slot.parts()) {
      List<Long> shape =
          part.columns() == 0
              ? List.of((long) part.rows())
              : List.of((long) part.rows(), (long) part.columns());
      Tensor tensor = new Tensor(entries.size(), first, shape);
      tensors.put(part.name(), tensor);
      first += tensor.elements();
    }
    // Norms and biases are the vectors; the matrices are decayed.
    WeightLayout.Part one = slot.parts().get(0);
    entries.add(new Entry(one.columns() > 0, OUTSIDE_LAYERS.contains(one.name())));
  }

  List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  Tensor get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "no trained tensor is called " + name + "; there are " + tensors.keySet());
    }
    return tensor;
  }

  /** A tensor of which some consecutive elements are asked for; rejects what it has not. */
  Tensor range(String name, long first, long count) {
    Tensor tensor = get(name);
    if (first < 0 || count > tensor.elements() - first) {
      throw new IllegalArgumentException(
          name + " has " + tensor.elements() + " elements, not " + count + " from " + first);
    }
    return tensor;
  }

  /**
   * What every entry is multiplied by in a step: weight decay spares norms and biases, as in
   * Hugging Face's Trainer.
   */
  double[] decays(AdamW adam) {
    return byEntry(entry -> entry.decayed() ? 1 - rate(adam, entry) * adam.weightDecay() : 1);
  }

  /** How far every entry moves in a step of which Adam's quotient is 1. */
  double[] sizes(AdamW adam, int step) {
    double correction = 1 - Math.pow(adam.beta1(), step);
    return byEntry(entry -> rate(adam, entry) / correction);
  }

  private static double rate(AdamW adam, Entry entry) {
    return entry.outsideLayers() ? adam.embeddingLearningRate() : adam.learningRate();
  }

  private double[] byEntry(ToDoubleFunction<Entry> value) {
    return entries.stream().mapToDouble(value).toArray();
  }
}

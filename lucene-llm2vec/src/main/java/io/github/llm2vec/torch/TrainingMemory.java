/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

/**
 * The memory that training takes, as an estimate.
 *
 * @param model bytes of weights, gradients and moments on one device
 * @param perToken bytes that a pass keeps for its backward pass, for each of its tokens
 */
public record TrainingMemory(double model, double perToken) {

  /** What is left to all that is not counted. */
  private static final double SHARE = 0.8;

  private static final int SINGLE = 4;

  /**
   * Widths that a layer keeps of a token, and of its MLP, by the benchmark {@code training-memory}:
   * inputs of norms and linear layers, a copy of them and a mask for every branch, queries, keys
   * and values in two orders.
   */
  private static final int HIDDEN_WIDTHS = 28;

  private static final int INNER_WIDTHS = 9;

  /** Matrices of attention probabilities that are kept where these are dropped. */
  private static final int SCORES = 3;

  /** The estimate for a model and how it is trained. */
  public static TrainingMemory of(DecoderSpec spec, TrainOptions options) {
    DecoderLayout layout = DecoderLayout.of(spec);
    double weights =
        layout.tensors().values().stream()
            .mapToDouble(
                shape -> shape.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b))
            .sum();
    double model =
        options.allWeights()
            ? weights
                * (4 * SINGLE + (options.dtype() == DType.FLOAT32 ? 0 : options.dtype().bytes()))
            : weights * options.dtype().bytes();
    double layer =
        (double) HIDDEN_WIDTHS * spec.hiddenSize()
            + (double) INNER_WIDTHS * spec.intermediateSize();
    if (options.attentionDropout() > 0) {
      layer += (double) SCORES * spec.attention().heads() * options.maxTokens();
    }
    return new TrainingMemory(model, SINGLE * layer * spec.layers().size());
  }

  /**
   * Tokens of the longest pass that may keep all that its backward pass reads.
   *
   * @param devices among which the memory of the CPU is divided
   * @return for {@link TrainOptions#withCheckpointingBeyond}
   */
  public int tokens(List<TorchDevice> devices) {
    return devices.stream()
        .distinct()
        .mapToInt(device -> tokens(free(device), Collections.frequency(devices, device)))
        .min()
        .orElseThrow();
  }

  /**
   * The same in so much memory.
   *
   * @param free bytes that are free before the model is loaded
   * @param copies of the model, which share its weights
   */
  int tokens(double free, int copies) {
    double tokens = SHARE * (free - model) / copies / perToken;
    return (int) Math.max(TrainOptions.ALWAYS, Math.min(TrainOptions.NEVER, tokens));
  }

  /** Bytes that a device has left, as its driver or the operating system says. */
  private static double free(TorchDevice device) {
    if (device.type() == TorchDevice.Type.CUDA) {
      var memory = CudaUtils.getGpuMemory(device.toDjl());
      return (double) memory.getMax() - memory.getCommitted();
    }
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    // Of a container, if this is in one; what is free there does not count the cache of files.
    return Math.min((double) system.getTotalMemorySize(), available(system));
  }

  private static double available(OperatingSystemMXBean system) {
    Path file = Path.of("/proc/meminfo");
    try {
      if (Files.isReadable(file)) {
        for (String line : Files.readAllLines(file)) {
          if (line.startsWith("MemAvailable:")) {
            return 1024 * Double.parseDouble(line.replaceAll("\\D", ""));
          }
        }
      }
    } catch (IOException e) {
      // As where there is no such file.
    }
    return (double) system.getFreeMemorySize();
  }
}

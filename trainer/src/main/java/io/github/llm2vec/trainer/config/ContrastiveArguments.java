/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import io.github.llm2vec.encoder.Pooling;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The arguments that SimCSE and supervised training share: pooling, length and loss.
 *
 * @param pooling {@code pooling_mode}
 * @param maxSeqLength {@code max_seq_length}, 512 if unsaid as in encoding
 * @param lossScale {@code loss_scale}: what cosines are multiplied by
 * @param miniBatch {@code mini_batch_size}: how many texts go through the model at once if
 *     gradients of the loss are cached, so that a batch may be larger than memory; not upstream's
 * @param lossInModelDtype {@code loss_dtype} is {@code model}: whether the loss is computed in the
 *     model's dtype as upstream does, not in float32; not upstream's key
 * @param matryoshka widths at which the loss is computed, summed as in sentence-transformers
 * @param retrieval what is evaluated on
 * @param maxTrainSamples {@code max_train_samples}: most examples; upstream accepts and ignores it
 */
public record ContrastiveArguments(
    Pooling pooling,
    int maxSeqLength,
    double lossScale,
    OptionalInt miniBatch,
    boolean lossInModelDtype,
    MatryoshkaArguments matryoshka,
    Optional<RetrievalArguments> retrieval,
    OptionalInt maxTrainSamples) {

  private static final int DEFAULT_LENGTH = 512;

  static ContrastiveArguments read(ConfigValues values) {
    String lossClass = values.text("loss_class", "HardNegativeNLLLoss");
    if (!lossClass.equals("HardNegativeNLLLoss")) {
      throw values.invalid(
          "loss_class", "expected HardNegativeNLLLoss, found \"" + lossClass + "\"");
    }
    return new ContrastiveArguments(
        pooling(values),
        values.whole("max_seq_length", DEFAULT_LENGTH, 2),
        values.decimal("loss_scale", 50, ConfigValues.Range.POSITIVE),
        values.optionalWhole("mini_batch_size", 1),
        lossInModelDtype(values),
        MatryoshkaArguments.read(values),
        RetrievalArguments.read(values),
        values.optionalWhole("max_train_samples", 1));
  }

  private static Pooling pooling(ConfigValues values) {
    Pooling pooling = values.choice("pooling_mode", Pooling.MEAN, Pooling::optionName);
    if (pooling == Pooling.BOS_TOKEN || pooling == Pooling.MAX) {
      throw values.invalid(
          "pooling_mode",
          pooling.optionName() + " cannot be trained here; choose mean or last_token");
    }
    return pooling;
  }

  private static boolean lossInModelDtype(ConfigValues values) {
    String dtype = values.text("loss_dtype", "float32");
    return switch (dtype) {
      case "float32" -> false;
      case "model" -> true;
      default ->
          throw values.invalid("loss_dtype", "expected float32 or model, found \"" + dtype + "\"");
    };
  }
}

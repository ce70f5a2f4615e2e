/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;

/**
 * Options for training a model.
 *
 * @param trained what of it
 * @param head the language model's head
 * @param dtype in which the model is computed; what is trained is kept in single precision
 * @param devices where
 * @param maxTokens longest text that will be given, in tokens
 * @param attentionDropout probability with which an attention probability is dropped in training
 *     passes; 0 except for SimCSE
 * @param layerDrop probability with which a training pass leaves a layer out, of every layer by
 *     itself; its weights then have no gradient (LayerDrop: Fan, Grave, Joulin, 2020, section 3.2)
 * @param checkpointingBeyond tokens of a pass beyond which only the input of every layer is kept
 *     for the backward pass and the rest computed again (gradient checkpointing: Chen et al.,
 *     2016): a third more work, far less memory, equal gradients; {@link #ALWAYS} or {@link #NEVER}
 * @param denseWidth width of a linear layer that is trained behind the pooling, always in single
 *     precision; 0 for none
 * @param seed of the adapter's random start and, until {@link DecoderTrainer#seed}, of dropout
 */
public record TrainOptions(
    TrainableParameters trained,
    LanguageModelHead head,
    DType dtype,
    TrainDevices devices,
    int maxTokens,
    double attentionDropout,
    double layerDrop,
    int checkpointingBeyond,
    int denseWidth,
    long seed) {

  /** {@link #checkpointingBeyond} for passes of any length. */
  public static final int ALWAYS = 0;

  /** {@link #checkpointingBeyond} for no pass. */
  public static final int NEVER = Integer.MAX_VALUE;

  /** Rejects a length below one, and half precision, whose gradients overflow without scaling. */
  public TrainOptions {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be >= 1, got " + maxTokens);
    }
    if (!(attentionDropout >= 0 && attentionDropout < 1)) {
      throw new IllegalArgumentException(
          "attention dropout must be >= 0 and < 1, got " + attentionDropout);
    }
    if (!(layerDrop >= 0 && layerDrop < 1)) {
      throw new IllegalArgumentException("layerdrop must be >= 0 and < 1, got " + layerDrop);
    }
    if (checkpointingBeyond < 0) {
      throw new IllegalArgumentException(
          "checkpointingBeyond is a number of tokens, got " + checkpointingBeyond);
    }
    if (denseWidth < 0 || (denseWidth > 0 && head != LanguageModelHead.NONE)) {
      throw new IllegalArgumentException(
          "denseWidth is 0 for none, or a width where there is no language model's head, got "
              + denseWidth);
    }
    if (dtype == DType.FLOAT16) {
      throw new IllegalArgumentException(
          "training in float16 is not supported, because its gradients overflow; use bfloat16");
    }
  }

  /** Training in single precision on the CPU, without dropout but an adapter's. */
  public static TrainOptions of(
      TrainableParameters trained, LanguageModelHead head, int maxTokens, long seed) {
    return new TrainOptions(
        trained,
        head,
        DType.FLOAT32,
        TrainDevices.one(TorchDevice.CPU),
        maxTokens,
        0,
        0,
        NEVER,
        0,
        seed);
  }

  /** The same with gradient checkpointing of passes of more than so many tokens. */
  public TrainOptions withCheckpointingBeyond(int value) {
    return new TrainOptions(
        trained,
        head,
        dtype,
        devices,
        maxTokens,
        attentionDropout,
        layerDrop,
        value,
        denseWidth,
        seed);
  }

  /** The same on other devices. */
  public TrainOptions withDevices(TrainDevices value) {
    return new TrainOptions(
        trained,
        head,
        dtype,
        value,
        maxTokens,
        attentionDropout,
        layerDrop,
        checkpointingBeyond,
        denseWidth,
        seed);
  }

  /** Whether a pass keeps all that its backward pass reads. */
  boolean keepsAll(PackedBatch batch) {
    return batch.tokens() <= checkpointingBeyond;
  }

  boolean allWeights() {
    return trained instanceof AllParameters;
  }

  /** Whether a training pass draws random numbers. */
  boolean drawsDropout() {
    return attentionDropout > 0
        || layerDrop > 0
        || (trained instanceof LoraOptions lora && lora.dropout() > 0);
  }

  /** How the weights are loaded: those that are trained unrounded, whatever is computed in. */
  DecoderOptions decoder() {
    DType loaded = allWeights() ? DType.FLOAT32 : dtype;
    return new DecoderOptions(loaded, devices.first(), maxTokens, false);
  }
}

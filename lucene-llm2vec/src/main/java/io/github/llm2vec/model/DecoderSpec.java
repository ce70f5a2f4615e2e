/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.util.List;

/**
 * A decoder-only transformer as numbers and switches: everything in which the supported
 * architectures differ, and nothing else. The forward pass is written once and reads this.
 *
 * <p>All linear weights are {@code [out, in]} as Hugging Face stores them.
 *
 * @param modelType {@code model_type} of config.json
 * @param vocabSize rows of the embedding, V
 * @param hiddenSize width of the residual stream, H
 * @param intermediateSize width of the gated MLP, I
 * @param heads query heads, N
 * @param kvHeads key and value heads, K; divides N
 * @param headDim size of a head, D; N * D may differ from H
 * @param rmsNormEps epsilon of every RMSNorm
 * @param activation the gate's activation
 * @param qkvBias whether q, k and v projections have a bias
 * @param outputBias whether the attention's output projection has a bias
 * @param mlpBias whether gate, up and down projections have a bias
 * @param queryKeyNorm whether q and k heads pass an RMSNorm of width D before the rotation (Qwen3,
 *     Gemma3)
 * @param onePlusNorm whether norm weights are stored as offsets from one and applied in single
 *     precision (Gemma)
 * @param sandwichNorms whether attention and MLP outputs are normed before they are added (Gemma3)
 * @param scaleEmbeddings whether embeddings are multiplied by sqrt(H) rounded to the dtype (Gemma)
 * @param attentionScale factor of the scores, mostly 1/sqrt(D)
 * @param layers one entry per layer
 * @param causal whether a token sees only itself and what stands before it
 */
public record DecoderSpec(
    String modelType,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int heads,
    int kvHeads,
    int headDim,
    double rmsNormEps,
    Activation activation,
    boolean qkvBias,
    boolean outputBias,
    boolean mlpBias,
    boolean queryKeyNorm,
    boolean onePlusNorm,
    boolean sandwichNorms,
    boolean scaleEmbeddings,
    double attentionScale,
    List<Layer> layers,
    boolean causal) {

  /** Copies the list and checks what the forward pass relies on. */
  public DecoderSpec {
    layers = List.copyOf(layers);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads ("
              + heads
              + ") must be a multiple of num_key_value_heads ("
              + kvHeads
              + ")");
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("head_dim must be even, got " + headDim);
    }
  }

  /** Activation of the gated MLP. */
  public enum Activation {
    /** {@code z * sigmoid(z)}. */
    SILU,
    /** GELU with the tanh approximation. */
    GELU_TANH,
    /** GELU with the error function. */
    GELU
  }

  /**
   * What one layer has of its own.
   *
   * @param rope its rotary position embedding
   * @param window tokens i and j see each other only if |i - j| is less than this; 0 for no limit
   * @param otherWindow the window that takes its place when {@link #withCausal} turns the attention
   *     around: Mistral has one only while it is causal, Gemma3 about halves its own
   */
  public record Layer(Rope rope, int window, int otherWindow) {

    /** A layer with the same window for causal and bidirectional attention. */
    public Layer(Rope rope, int window) {
      this(rope, window, window);
    }

    private Layer turned() {
      return new Layer(rope, otherWindow, window);
    }
  }

  /**
   * The same specification with causal or bidirectional attention, and the windows that go with it.
   */
  public DecoderSpec withCausal(boolean value) {
    if (value == causal) {
      return this;
    }
    return new DecoderSpec(
        modelType,
        vocabSize,
        hiddenSize,
        intermediateSize,
        heads,
        kvHeads,
        headDim,
        rmsNormEps,
        activation,
        qkvBias,
        outputBias,
        mlpBias,
        queryKeyNorm,
        onePlusNorm,
        sandwichNorms,
        scaleEmbeddings,
        attentionScale,
        layers.stream().map(Layer::turned).toList(),
        value);
  }
}

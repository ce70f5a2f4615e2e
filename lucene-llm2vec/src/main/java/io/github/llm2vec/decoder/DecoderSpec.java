/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import java.util.List;
import java.util.OptionalInt;

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
 * @param attention what all layers' attention has in common
 * @param norms what kind of norms there are and where
 * @param activation the gate's activation
 * @param mlpBias whether gate, up and down projections have a bias
 * @param fusedProjections whether q, k and v are stored as one matrix {@code qkv_proj}, gate and up
 *     as {@code gate_up_proj} (Phi-3)
 * @param embeddingScale factor of the embeddings, rounded to the dtype: sqrt(H) for Gemma, {@code
 *     embedding_multiplier} for Granite, else 1
 * @param residualScale factor of what attention and MLP add to the residual stream (Granite), else
 *     1
 * @param perLayerSize width of the gated projection of the embeddings that every layer adds
 *     (EmbeddingGemma 2), P; 0 if there is none
 * @param outputSize width of a final hidden state: H, unless a projection follows the final norm
 *     (EmbeddingGemma 2)
 * @param layers one entry per layer
 * @param causal whether a token sees only itself and what stands before it
 */
public record DecoderSpec(
    String modelType,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    Attention attention,
    Norms norms,
    Activation activation,
    boolean mlpBias,
    boolean fusedProjections,
    double embeddingScale,
    double residualScale,
    int perLayerSize,
    int outputSize,
    List<Layer> layers,
    boolean causal) {

  /** Copies the list and checks what the forward pass relies on. */
  public DecoderSpec {
    layers = List.copyOf(layers);
    for (Layer layer : layers) {
      if (attention.heads() % layer.kvHeads() != 0) {
        throw new IllegalArgumentException(
            "num_attention_heads (%s) must be a multiple of num_key_value_heads (%s)"
                .formatted(attention.heads(), layer.kvHeads()));
      }
      if (layer.headDim() % 2 != 0) {
        throw new IllegalArgumentException("head_dim must be even, got " + layer.headDim());
      }
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
   * What all layers' attention has in common.
   *
   * @param heads query heads, N
   * @param qkvBias whether q, k and v projections have a bias
   * @param outputBias whether the output projection has a bias
   * @param queryKeyNorm what is normed of queries and keys before the rotation
   * @param valueNorm whether value heads pass an RMSNorm without a weight (EmbeddingGemma 2)
   * @param scale factor of the scores, mostly 1/sqrt(D)
   * @param softCap c of {@code c * tanh(score / c)} (Gemma 2); 0 for scores as they are
   */
  public record Attention(
      int heads,
      boolean qkvBias,
      boolean outputBias,
      QueryKeyNorm queryKeyNorm,
      boolean valueNorm,
      double scale,
      double softCap) {}

  /** RMSNorms of queries and keys. */
  public enum QueryKeyNorm {
    /** There are none. */
    NONE,
    /** Every head by itself, with one weight of width D (Qwen3, Gemma 3). */
    PER_HEAD,
    /** All heads together, with a weight of width N * D or K * D (OLMo 2). */
    WHOLE
  }

  /**
   * The norms of the residual stream.
   *
   * @param weight how a norm's weight is applied
   * @param eps epsilon of every RMSNorm
   * @param before whether attention and MLP read a normed input
   * @param after whether what they give is normed before it is added
   */
  public record Norms(NormWeight weight, double eps, boolean before, boolean after) {}

  /**
   * How an RMSNorm applies its weight; the kinds differ in half precision and in Gemma's offset.
   */
  public enum NormWeight {
    /** To the values rounded to the model's dtype (Llama). */
    ROUNDED_FIRST,
    /** In single precision, before rounding (OLMo 2, EmbeddingGemma 2). */
    SINGLE,
    /** In single precision, and stored as an offset from one (Gemma). */
    ONE_PLUS
  }

  /**
   * What one layer has of its own.
   *
   * @param rope its rotary position embedding; {@link Rope#NONE} for a layer without
   * @param kvHeads key and value heads, K; divides N
   * @param headDim size of a head, D; N * D may differ from H
   * @param window tokens i and j see each other only if |i - j| is less than this; 0 for no limit
   * @param otherWindow the window that takes its place when {@link #withCausal} turns the attention
   *     around: Mistral has one only while it is causal, Gemma3 about halves its own
   */
  public record Layer(Rope rope, int kvHeads, int headDim, int window, int otherWindow) {

    private Layer turned() {
      return new Layer(rope, kvHeads, headDim, otherWindow, window);
    }
  }

  /**
   * The longest text, in tokens, whose positions are turned by the first frequencies of a {@link
   * Rope}; empty unless longer texts have frequencies of their own (LongRoPE).
   */
  public OptionalInt longRopeBeyond() {
    return layers.stream()
        .map(Layer::rope)
        .filter(rope -> !rope.longFrequencies().isEmpty())
        .mapToInt(Rope::shortLength)
        .findFirst();
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
        attention,
        norms,
        activation,
        mlpBias,
        fusedProjections,
        embeddingScale,
        residualScale,
        perLayerSize,
        outputSize,
        layers.stream().map(Layer::turned).toList(),
        value);
  }
}

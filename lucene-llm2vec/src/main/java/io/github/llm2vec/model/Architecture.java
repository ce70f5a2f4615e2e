/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A {@code model_type} as data: what Hugging Face fills in for keys that config.json leaves out,
 * and which rules apply. A decoder that differs only in these needs one more row here and no code.
 *
 * <p>Defaults are those of the configuration classes of transformers 4.44 (5.x for the types that
 * came later).
 *
 * @param modelType {@code model_type} of config.json
 * @param defaults values of absent keys
 * @param traits the rules that apply
 */
record Architecture(String modelType, Defaults defaults, Set<Trait> traits) {

  private static final int SAME_AS_HEADS = 0;
  private static final int DERIVED = 0;

  private static final Defaults LLAMA =
      new Defaults(32_000, 4096, 11_008, 32, 32, SAME_AS_HEADS, DERIVED, 2048, 10_000);

  private static final List<Architecture> ALL =
      List.of(
          new Architecture(
              "llama",
              LLAMA,
              Set.of(Trait.LLM2VEC, Trait.ATTENTION_BIAS_BY_KEY, Trait.MLP_BIAS_BY_KEY)),
          new Architecture(
              "llama_bidirec",
              LLAMA,
              Set.of(Trait.BIDIRECTIONAL, Trait.ATTENTION_BIAS_BY_KEY, Trait.MLP_BIAS_BY_KEY)),
          new Architecture(
              "mistral",
              new Defaults(32_000, 4096, 14_336, 32, 32, 8, DERIVED, 131_072, 10_000),
              Set.of(Trait.LLM2VEC, Trait.WINDOW_IN_ALL_LAYERS)),
          new Architecture(
              "qwen2",
              new Defaults(151_936, 4096, 22_016, 32, 32, 32, DERIVED, 32_768, 10_000),
              Set.of(Trait.LLM2VEC, Trait.QKV_BIAS, Trait.WINDOW_IF_ENABLED)),
          new Architecture(
              "qwen3",
              new Defaults(151_936, 4096, 22_016, 32, 32, 32, 128, 32_768, 10_000),
              Set.of(Trait.ATTENTION_BIAS_BY_KEY, Trait.QUERY_KEY_NORM, Trait.WINDOW_IF_ENABLED)),
          new Architecture(
              "gemma",
              new Defaults(256_000, 3072, 24_576, 28, 16, 16, 256, 8192, 10_000),
              Set.of(
                  Trait.LLM2VEC,
                  Trait.TIED_EMBEDDINGS,
                  Trait.ATTENTION_BIAS_BY_KEY,
                  Trait.GEMMA_ACTIVATION,
                  Trait.ONE_PLUS_NORM,
                  Trait.SCALED_EMBEDDINGS)),
          new Architecture(
              "gemma3_text",
              new Defaults(262_208, 2304, 9216, 26, 8, 4, 256, 131_072, 1_000_000),
              Set.of(
                  Trait.TIED_EMBEDDINGS,
                  Trait.ATTENTION_BIAS_BY_KEY,
                  Trait.GEMMA_ACTIVATION,
                  Trait.ONE_PLUS_NORM,
                  Trait.SCALED_EMBEDDINGS,
                  Trait.QUERY_KEY_NORM,
                  Trait.SANDWICH_NORMS,
                  Trait.SCORE_SCALE_BY_KEY,
                  Trait.WINDOW_ALTERNATING)));

  /** Copies the set. */
  Architecture {
    traits = Set.copyOf(traits);
  }

  /**
   * Values of absent keys.
   *
   * @param vocabSize {@code vocab_size}
   * @param hiddenSize {@code hidden_size}
   * @param intermediateSize {@code intermediate_size}
   * @param layers {@code num_hidden_layers}
   * @param heads {@code num_attention_heads}
   * @param kvHeads {@code num_key_value_heads}; 0 for as many as heads
   * @param headDim {@code head_dim}; 0 for hidden size / heads
   * @param maxPositions {@code max_position_embeddings}
   * @param ropeTheta {@code rope_theta}
   */
  record Defaults(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      int maxPositions,
      double ropeTheta) {}

  /** Rules in which decoders differ. */
  enum Trait {
    /** Upstream's LLM2Vec has a bidirectional class for it and uses that unless told otherwise. */
    LLM2VEC,
    /** Its class in transformers is bidirectional. */
    BIDIRECTIONAL,
    /** The language model's head is the embedding unless {@code tie_word_embeddings} is false. */
    TIED_EMBEDDINGS,
    /** The q, k and v projections always have a bias, o never. */
    QKV_BIAS,
    /** {@code attention_bias} gives q, k, v and o a bias. */
    ATTENTION_BIAS_BY_KEY,
    /** {@code mlp_bias} gives gate, up and down a bias. */
    MLP_BIAS_BY_KEY,
    /** {@code hidden_activation}, else GELU with tanh, whatever {@code hidden_act} says. */
    GEMMA_ACTIVATION,
    /** See {@link DecoderSpec#queryKeyNorm}. */
    QUERY_KEY_NORM,
    /** See {@link DecoderSpec#onePlusNorm}. */
    ONE_PLUS_NORM,
    /** See {@link DecoderSpec#sandwichNorms}. */
    SANDWICH_NORMS,
    /** See {@link DecoderSpec#scaleEmbeddings}. */
    SCALED_EMBEDDINGS,
    /** Scores are scaled by {@code query_pre_attn_scalar}^-0.5 instead of D^-0.5. */
    SCORE_SCALE_BY_KEY,
    /** {@code sliding_window} (4096 if absent, none if null) holds in every layer. */
    WINDOW_IN_ALL_LAYERS,
    /**
     * As before, but only with {@code use_sliding_window} and from {@code max_window_layers} on.
     */
    WINDOW_IF_ENABLED,
    /** Most layers have the window and a RoPE of their own (Gemma3). */
    WINDOW_ALTERNATING
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /** Finds an architecture by {@code model_type}. */
  static Optional<Architecture> of(String modelType) {
    return ALL.stream().filter(a -> a.modelType.equals(modelType)).findFirst();
  }

  /** All types, for messages. */
  static String supported() {
    return ALL.stream().map(Architecture::modelType).collect(Collectors.joining(", "));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import static io.github.llm2vec.decoder.Architecture.Trait.*;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final Defaults MISTRAL =
      new Defaults(32_000, 4096, 14_336, 32, 32, 8, DERIVED, 131_072, 10_000);
  private static final Defaults QWEN =
      new Defaults(151_936, 4096, 22_016, 32, 32, 32, DERIVED, 32_768, 10_000);
  private static final Defaults OLMO =
      new Defaults(50_304, 4096, 11_008, 32, 32, SAME_AS_HEADS, DERIVED, 2048, 10_000)
          .withEps(1e-5);

  private static final List<Architecture> ALL =
      List.of(
          row("llama", LLAMA, LLM2VEC, ATTENTION_BIAS_BY_KEY, MLP_BIAS_BY_KEY),
          row("mistral", MISTRAL, LLM2VEC, WINDOW_IN_ALL_LAYERS, WINDOW_CAUSAL_ONLY),
          row("ministral", MISTRAL, WINDOW_IN_ALL_LAYERS, LAYER_TYPES_BY_KEY),
          row(
              "ministral3",
              new Defaults(131_072, 4096, 14_336, 34, 32, 8, 128, 262_144, 1_000_000).withEps(1e-5),
              WINDOW_IF_NAMED,
              YARN_BY_DEFAULT,
              SCALED_QUERIES),
          row("qwen2", QWEN, LLM2VEC, QKV_BIAS, WINDOW_IF_ENABLED, WINDOW_CAUSAL_ONLY),
          row(
              "qwen3",
              QWEN.withHeadDim(128),
              ATTENTION_BIAS_BY_KEY,
              QUERY_KEY_NORM,
              WINDOW_IF_ENABLED,
              WINDOW_CAUSAL_ONLY),
          row(
              "gemma",
              new Defaults(256_000, 3072, 24_576, 28, 16, 16, 256, 8192, 10_000),
              LLM2VEC,
              TIED_EMBEDDINGS,
              ATTENTION_BIAS_BY_KEY,
              GEMMA_ACTIVATION,
              FIRST_GEMMA,
              ONE_PLUS_NORM,
              SCALED_EMBEDDINGS),
          row(
              "gemma2",
              new Defaults(256_000, 2304, 9216, 26, 8, 4, 256, 8192, 10_000).withPattern(2, 0),
              TIED_EMBEDDINGS,
              ATTENTION_BIAS_BY_KEY,
              GEMMA_ACTIVATION,
              ONE_PLUS_NORM,
              SCALED_EMBEDDINGS,
              NORMS_AROUND,
              SCORE_SCALE_BY_KEY,
              SOFT_CAPPED_SCORES),
          row(
              "gemma3_text",
              new Defaults(262_208, 2304, 9216, 26, 8, 4, 256, 131_072, 1_000_000)
                  .withPattern(6, 10_000),
              TIED_EMBEDDINGS,
              ATTENTION_BIAS_BY_KEY,
              GEMMA_ACTIVATION,
              ONE_PLUS_NORM,
              SCALED_EMBEDDINGS,
              QUERY_KEY_NORM,
              NORMS_AROUND,
              SCORE_SCALE_BY_KEY,
              PATTERN_BY_KEY,
              WINDOW_HALVED_WHEN_BIDIRECTIONAL),
          row(
              "embedding_gemma2_text",
              new Defaults(262_144, 512, 2048, 24, 4, 2, 256, 262_144, 1_000_000)
                  .withPattern(6, 10_000),
              BIDIRECTIONAL,
              ATTENTION_BIAS_BY_KEY,
              GEMMA_ACTIVATION,
              SINGLE_NORM,
              SCALED_EMBEDDINGS,
              QUERY_KEY_NORM,
              NORMS_AROUND,
              PATTERN_BY_KEY,
              PER_LAYER_EMBEDDINGS),
          row("olmo2", OLMO, ATTENTION_BIAS_BY_KEY, SINGLE_NORM, WHOLE_QUERY_KEY_NORM, NORMS_AFTER),
          row(
              "olmo3",
              OLMO.withTheta(500_000).withPattern(4, 500_000),
              ATTENTION_BIAS_BY_KEY,
              SINGLE_NORM,
              WHOLE_QUERY_KEY_NORM,
              NORMS_AFTER),
          row(
              "phi3",
              new Defaults(32_064, 3072, 8192, 32, 32, SAME_AS_HEADS, DERIVED, 4096, 10_000)
                  .withEps(1e-5),
              FUSED_PROJECTIONS,
              PARTIAL_ROTARY,
              WINDOW_IF_NAMED,
              LONGROPE_ONLY),
          row("granite", LLAMA, ATTENTION_BIAS_BY_KEY, MLP_BIAS_BY_KEY, MULTIPLIERS),
          row(
              "smollm3",
              new Defaults(128_256, 2048, 11_008, 36, 16, 4, DERIVED, 32_768, 2_000_000),
              TIED_EMBEDDINGS,
              ATTENTION_BIAS_BY_KEY,
              MLP_BIAS_BY_KEY,
              LAYERS_WITHOUT_ROPE),
          row(
              "seed_oss",
              new Defaults(155_136, 4096, 27_648, 64, 80, 8, 128, 524_288, 10_000),
              ATTENTION_BIAS_SPLIT,
              MLP_BIAS_BY_KEY));

  /**
   * Types of published code that is one of ours with bidirectional attention and nothing else, such
   * as {@code llama_bidirec}, {@code bidirectional_pplx_qwen3} or {@code mistral_bidirectional}.
   */
  private static final Pattern BIDIRECTIONAL_TYPE =
      Pattern.compile(
          "(?:bidirectional|bidirec|bidirlm|bidir|bi)_(?:[a-z]+_)?(?<behind>[a-z0-9]+(?:_text)?)"
              + "|(?<before>[a-z0-9]+(?:_text)?)_(?:bidirectional|bidirec|bidir|bi)");

  /** Copies the set. */
  Architecture {
    traits = Set.copyOf(traits);
  }

  private static Architecture row(String modelType, Defaults defaults, Trait... traits) {
    return new Architecture(modelType, defaults, Set.of(traits));
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
   * @param eps {@code rms_norm_eps}
   * @param slidingPattern every how many layers one has no window; 0 if windows follow another rule
   * @param localTheta {@code rope_theta} of the layers with a window; 0 if all layers share one
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
      double ropeTheta,
      double eps,
      int slidingPattern,
      double localTheta) {

    Defaults(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        int maxPositions,
        double ropeTheta) {
      this(
          vocabSize,
          hiddenSize,
          intermediateSize,
          layers,
          heads,
          kvHeads,
          headDim,
          maxPositions,
          ropeTheta,
          1e-6,
          0,
          0);
    }

    private Defaults withEps(double value) {
      return with(headDim, ropeTheta, value, slidingPattern, localTheta);
    }

    private Defaults withHeadDim(int value) {
      return with(value, ropeTheta, eps, slidingPattern, localTheta);
    }

    private Defaults withTheta(double value) {
      return with(headDim, value, eps, slidingPattern, localTheta);
    }

    private Defaults withPattern(int pattern, double local) {
      return with(headDim, ropeTheta, eps, pattern, local);
    }

    private Defaults with(int dim, double theta, double epsilon, int pattern, double local) {
      return new Defaults(
          vocabSize,
          hiddenSize,
          intermediateSize,
          layers,
          heads,
          kvHeads,
          dim,
          maxPositions,
          theta,
          epsilon,
          pattern,
          local);
    }
  }

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
    /**
     * {@code attention_bias}, true if absent, gives q, k and v a bias; {@code attention_out_bias}
     * gives o one.
     */
    ATTENTION_BIAS_SPLIT,
    /** {@code mlp_bias} gives gate, up and down a bias. */
    MLP_BIAS_BY_KEY,
    /** See {@link DecoderSpec#fusedProjections}. */
    FUSED_PROJECTIONS,
    /** {@code hidden_activation}, else GELU with tanh, whatever {@code hidden_act} says. */
    GEMMA_ACTIVATION,
    /** Gemma 1: {@code hidden_act} counts where {@code hidden_activation} is not mentioned. */
    FIRST_GEMMA,
    /** See {@link DecoderSpec.QueryKeyNorm#PER_HEAD}. */
    QUERY_KEY_NORM,
    /** See {@link DecoderSpec.QueryKeyNorm#WHOLE}. */
    WHOLE_QUERY_KEY_NORM,
    /** See {@link DecoderSpec.NormWeight#ONE_PLUS}. */
    ONE_PLUS_NORM,
    /** See {@link DecoderSpec.NormWeight#SINGLE}. */
    SINGLE_NORM,
    /** Norms stand before attention and MLP and behind them. */
    NORMS_AROUND,
    /** Norms stand behind attention and MLP only. */
    NORMS_AFTER,
    /** Embeddings are multiplied by sqrt(H). */
    SCALED_EMBEDDINGS,
    /** {@code embedding_multiplier}, {@code residual_multiplier}, {@code attention_multiplier}. */
    MULTIPLIERS,
    /** Scores are scaled by {@code query_pre_attn_scalar}^-0.5 instead of D^-0.5. */
    SCORE_SCALE_BY_KEY,
    /** {@code attn_logit_softcapping} (50 if absent, none if null) bounds the scores. */
    SOFT_CAPPED_SCORES,
    /** Queries grow with their position by {@code llama_4_scaling_beta} of the rope parameters. */
    SCALED_QUERIES,
    /** YaRN with a factor of 16 if there are no rope parameters. */
    YARN_BY_DEFAULT,
    /** {@code partial_rotary_factor} is the part of a head that is turned. */
    PARTIAL_ROTARY,
    /** The rope types {@code su} and {@code yarn} mean LongRoPE. */
    LONGROPE_ONLY,
    /** {@code no_rope_layers}, else every fourth layer, have no rotary embedding. */
    LAYERS_WITHOUT_ROPE,
    /**
     * See {@link DecoderSpec#perLayerSize}; layers without a window have heads of their own size.
     */
    PER_LAYER_EMBEDDINGS,
    /** {@code sliding_window} (4096 if absent, none if null) holds in every layer. */
    WINDOW_IN_ALL_LAYERS,
    /** {@code sliding_window}, if there, holds in every layer. */
    WINDOW_IF_NAMED,
    /** {@code layer_types} says where the window holds. */
    LAYER_TYPES_BY_KEY,
    /**
     * As {@link #WINDOW_IN_ALL_LAYERS}, but only with {@code use_sliding_window} and from {@code
     * max_window_layers} on.
     */
    WINDOW_IF_ENABLED,
    /** {@code sliding_window_pattern} says every how many layers one has no window. */
    PATTERN_BY_KEY,
    /** LLM2Vec's bidirectional attention has no window. */
    WINDOW_CAUSAL_ONLY,
    /** Bidirectional attention has about half the window (Gemma3). */
    WINDOW_HALVED_WHEN_BIDIRECTIONAL
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /** Finds an architecture by {@code model_type}. */
  static Optional<Architecture> of(String modelType) {
    Optional<Architecture> row = row(modelType);
    return row.isPresent() ? row : bidirectional(modelType);
  }

  private static Optional<Architecture> row(String modelType) {
    return ALL.stream().filter(a -> a.modelType.equals(modelType)).findFirst();
  }

  private static Optional<Architecture> bidirectional(String modelType) {
    Matcher matcher = BIDIRECTIONAL_TYPE.matcher(modelType);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String before = matcher.group("before");
    return row(before == null ? matcher.group("behind") : before)
        .map(
            row -> {
              Set<Trait> traits = EnumSet.copyOf(row.traits);
              traits.remove(LLM2VEC);
              traits.add(BIDIRECTIONAL);
              return new Architecture(modelType, row.defaults, traits);
            });
  }

  /** All types, for messages. */
  static String supported() {
    return ALL.stream().map(Architecture::modelType).collect(Collectors.joining(", "))
        + ", or one of these with bidirectional attention, such as llama_bidirec";
  }
}

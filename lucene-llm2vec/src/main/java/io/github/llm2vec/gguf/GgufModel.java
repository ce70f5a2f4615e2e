/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.gguf;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the metadata of a GGUF file say about its model, in the words of Hugging Face's config.json.
 * Numbers are passed on as they are; {@link io.github.llm2vec.decoder.DecoderConfig} checks them
 * like those of any other file.
 */
public final class GgufModel {

  /**
   * How llama.cpp's converter treats an architecture.
   *
   * @param modelType Hugging Face's name
   * @param interleaved whether rows of queries and keys are reordered for neighbouring pairs
   * @param normsPlusOne whether norms hold one plus Hugging Face's values
   * @param normsAround whether {@code ffn_norm} is one of four norms in a layer
   */
  private record Kind(
      String modelType, boolean interleaved, boolean normsPlusOne, boolean normsAround) {}

  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          Map.entry("llama", new Kind("llama", true, false, false)),
          Map.entry("llama-embed", new Kind("llama_bidirec", true, false, false)),
          Map.entry("mistral3", new Kind("ministral3", true, false, false)),
          Map.entry("granite", new Kind("granite", true, false, false)),
          Map.entry("smollm3", new Kind("smollm3", true, false, false)),
          Map.entry("qwen2", new Kind("qwen2", false, false, false)),
          Map.entry("qwen3", new Kind("qwen3", false, false, false)),
          Map.entry("olmo2", new Kind("olmo2", false, false, false)),
          Map.entry("phi3", new Kind("phi3", false, false, false)),
          Map.entry("gemma", new Kind("gemma", false, true, false)),
          Map.entry("gemma2", new Kind("gemma2", false, true, true)),
          Map.entry("gemma3", new Kind("gemma3_text", false, true, true)),
          Map.entry("gemma-embedding", new Kind("gemma3_text", false, true, true)));

  private static final int LAYERS_OF_GEMMA2_27B = 46;
  private static final int LAYERS_OF_GEMMA3_27B = 62;
  private static final int MAX_FREQUENCIES = 1 << 13;

  private final Path file;
  private final GgufHeader header;
  private final String architecture;
  private final Kind kind;

  private GgufModel(Path file, GgufHeader header, String architecture, Kind kind) {
    this.file = file;
    this.header = header;
    this.architecture = architecture;
    this.kind = kind;
  }

  /**
   * Finds out what kind of model it is.
   *
   * @throws ModelFormatException if it is none that is supported
   */
  static GgufModel read(Path file, GgufHeader header) throws ModelFormatException {
    Object name = header.metadata().getOrDefault("general.architecture", "");
    Kind kind = name instanceof String known ? KINDS.get(known) : null;
    if (kind == null) {
      throw new ModelFormatException(
          file,
          "is of general.architecture '" + name + "', which is not supported",
          "Use one of " + String.join(", ", KINDS.keySet().stream().sorted().toList()));
    }
    GgufModel model = new GgufModel(file, header, (String) name, kind);
    model.refuseUnsupported();
    return model;
  }

  private void refuseUnsupported() throws ModelFormatException {
    if (whole("expert_count").orElse(0L) > 0) {
      throw new ModelFormatException(
          file, "is a mixture of experts, which is not supported", "Use another model");
    }
    if (header.metadata().get("split.count") instanceof Long parts && parts > 1) {
      throw new ModelFormatException(
          file, "is one of " + parts + " parts", "Join them with llama.cpp's gguf-split --merge");
    }
    for (String name : header.tensors().keySet()) {
      if (name.startsWith("dense_") || name.startsWith("cls")) {
        throw new ModelFormatException(
            file,
            "holds '" + name + "', a layer behind the pooling, which is not supported",
            "Use the model's safetensors");
      }
    }
  }

  public GgufHeader header() {
    return header;
  }

  boolean normsPlusOne() {
    return kind.normsPlusOne();
  }

  boolean normsAround() {
    return kind.normsAround();
  }

  boolean fusedProjections() {
    return kind.modelType().equals("phi3");
  }

  /** The head size by which the rows of a tensor are reordered; 0 if they are not. */
  int interleavedHeadDim(String tensor) {
    boolean reordered = tensor.contains(".attn_q.") || tensor.contains(".attn_k.");
    if (!kind.interleaved() || !reordered) {
      return 0;
    }
    long heads = heads(tensor.contains(".attn_q.") ? "attention.head_count" : KV_HEADS);
    long rows = requireNonNull(header.tensors().get(tensor), tensor).shape().get(0);
    return heads > 0 && rows % (2 * heads) == 0 ? (int) (rows / heads) : 0;
  }

  private static final String KV_HEADS = "attention.head_count_kv";

  private long heads(String key) {
    return whole(key).or(() -> whole("attention.head_count")).orElse(0L);
  }

  /** {@code pooling_type}: how one vector is made of a text, if the file says so. */
  public Optional<String> poolingMode() throws ModelFormatException {
    Optional<Long> type = whole("pooling_type");
    if (type.isEmpty() || type.get() == 0) {
      return Optional.empty();
    }
    return switch (type.get().intValue()) {
      case 1 -> Optional.of("mean");
      case 2 -> Optional.of("cls");
      case 3 -> Optional.of("lasttoken");
      default ->
          throw new ModelFormatException(
              file,
              "has " + architecture + ".pooling_type " + type.get() + ", which gives no vectors",
              "Use a model with mean, cls or last pooling");
    };
  }

  /** The model as config.json. */
  public ObjectNode config(TensorSource tensors) throws IOException {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("model_type", kind.modelType());
    GgufHeader.Tensor embedding = header.tensors().get("token_embd.weight");
    if (embedding == null || embedding.shape().size() != 2) {
      throw new ModelFormatException(
          file, "has no matrix token_embd.weight", "Use the complete weights of a decoder");
    }
    config.put("vocab_size", embedding.shape().get(0));
    copy(config, "context_length", "max_position_embeddings");
    copy(config, "embedding_length", "hidden_size");
    copy(config, "feed_forward_length", "intermediate_size");
    copy(config, "block_count", "num_hidden_layers");
    copy(config, "attention.head_count", "num_attention_heads");
    config.put("num_key_value_heads", heads(KV_HEADS));
    copy(config, "attention.layer_norm_rms_epsilon", "rms_norm_eps");
    copy(config, "attention.key_length", "head_dim");
    copy(config, "attention.causal", "is_causal");
    config.put("tie_word_embeddings", !header.tensors().containsKey("output.weight"));
    if (header.tensors().containsKey("blk.0.attn_output.bias")) {
      config.put("attention_bias", true);
    }
    special(config);
    rope(config, tensors);
    return config;
  }

  /** What only some architectures have. */
  private void special(ObjectNode config) {
    switch (architecture) {
      case "granite" -> {
        copy(config, "attention.scale", "attention_multiplier");
        copy(config, "embedding_scale", "embedding_multiplier");
        copy(config, "residual_scale", "residual_multiplier");
      }
      case "gemma2", "gemma3", "gemma-embedding" -> {
        copy(config, "attention.sliding_window", "sliding_window");
        copy(config, "attn_logit_softcapping", "attn_logit_softcapping");
        config.put("query_pre_attn_scalar", scoreScale());
        if (architecture.equals("gemma-embedding")) {
          config.put("use_bidirectional_attention", true);
        }
      }
      case "olmo2" -> {
        if (whole("attention.sliding_window").isPresent()) {
          config.put("model_type", "olmo3");
          copy(config, "attention.sliding_window", "sliding_window");
        }
      }
      case "phi3" -> copy(config, "attention.sliding_window", "sliding_window");
      default -> {
        // Nothing of its own.
      }
    }
    if (config.path("sliding_window").asLong(1) == 0) {
      config.putNull("sliding_window");
    }
  }

  /** As llama.cpp: the head size, but for the largest models the width per head. */
  private long scoreScale() {
    long layers = whole("block_count").orElse(0L);
    long heads = Math.max(1, heads("attention.head_count"));
    boolean largest =
        layers == (architecture.equals("gemma2") ? LAYERS_OF_GEMMA2_27B : LAYERS_OF_GEMMA3_27B);
    return largest
        ? whole("embedding_length").orElse(0L) / heads
        : whole("attention.key_length").orElse(256L);
  }

  private void rope(ObjectNode config, TensorSource tensors) throws IOException {
    ObjectNode rope = JsonNodeFactory.instance.objectNode();
    Object theta =
        value("rope.freq_base").orElse(kind.modelType().equals("gemma3_text") ? 1e6 : 1e4);
    put(rope, "rope_theta", theta);
    // transformers 4 does not look into rope_parameters.
    put(config, "rope_theta", theta);
    scaling(rope, tensors);
    Optional<Long> turned = whole("rope.dimension_count");
    if (fusedProjections() && turned.isPresent()) {
      double head =
          (double) whole("embedding_length").orElse(0L)
              / Math.max(1, heads("attention.head_count"));
      rope.put("partial_rotary_factor", turned.get() / Math.max(1, head));
    }
    whole("rope.scaling.original_context_length")
        .ifPresent(length -> rope.put("original_max_position_embeddings", length));
    if (fusedProjections() && rope.has("original_max_position_embeddings")) {
      config.set("original_max_position_embeddings", rope.get("original_max_position_embeddings"));
    }
    if (!config.path("model_type").asText().matches("gemma3_text|olmo3")) {
      config.set("rope_parameters", rope);
      return;
    }
    ObjectNode local = JsonNodeFactory.instance.objectNode();
    local.put("rope_type", "default");
    boolean shared = config.path("model_type").asText().equals("olmo3");
    put(local, "rope_theta", value("rope.freq_base_swa").orElse(shared ? theta : 1e4));
    ObjectNode parameters = config.putObject("rope_parameters");
    parameters.set("full_attention", rope);
    parameters.set("sliding_attention", local);
  }

  private void scaling(ObjectNode rope, TensorSource tensors) throws IOException {
    // Llama 3 has its scaling as factors of the wavelengths, LongRoPE its two lists of them.
    String both = "rope_freqs.weight";
    boolean list = tensors.shape(both).isPresent();
    if (list || tensors.shape("rope_factors_long.weight").isPresent()) {
      rope.put("rope_type", "longrope");
      rope.set("short_factor", numbers(tensors, list ? both : "rope_factors_short.weight"));
      rope.set("long_factor", numbers(tensors, list ? both : "rope_factors_long.weight"));
      put(rope, "attention_factor", list ? 1.0 : value("rope.scaling.attn_factor").orElse(1.0));
      return;
    }
    Object type = value("rope.scaling.type").orElse("none");
    Object factor = value("rope.scaling.factor").or(() -> value("rope.scale_linear")).orElse(1.0);
    if (type.equals("none") && factor.equals(1.0)) {
      rope.put("rope_type", "default");
      return;
    }
    put(rope, "rope_type", type.equals("none") ? "linear" : type);
    put(rope, "factor", factor);
    if (type.equals("yarn")) {
      copy(rope, "rope.scaling.yarn_beta_fast", "beta_fast");
      copy(rope, "rope.scaling.yarn_beta_slow", "beta_slow");
      copy(rope, "rope.scaling.attn_factor", "attention_factor");
      if (value("rope.scaling.yarn_log_multiplier").isPresent()) {
        copy(rope, "rope.scaling.yarn_log_multiplier", "mscale");
        copy(rope, "rope.scaling.yarn_log_multiplier", "mscale_all_dim");
      }
      copy(rope, "attention.temperature_scale", "llama_4_scaling_beta");
    }
  }

  private ArrayNode numbers(TensorSource tensors, String name) throws IOException {
    long[] shape = tensors.shape(name).orElse(new long[0]);
    if (shape.length != 1 || shape[0] > MAX_FREQUENCIES) {
      throw new ModelFormatException(
          file, "has no list of factors '" + name + "'", "Fetch the file again");
    }
    float[] values = new float[(int) shape[0]];
    tensors.read(name, 0, FloatBuffer.wrap(values));
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (float value : values) {
      array.add(value);
    }
    return array;
  }

  private void copy(ObjectNode target, String key, String name) {
    value(key).ifPresent(value -> put(target, name, value));
  }

  private static void put(ObjectNode target, String name, Object value) {
    if (value instanceof Long number) {
      target.put(name, number);
    } else if (value instanceof Double number) {
      target.put(name, number);
    } else if (value instanceof Boolean flag) {
      target.put(name, flag);
    } else {
      target.put(name, value.toString());
    }
  }

  /** A value of the architecture; a list of equal ones, one per layer, counts as one. */
  private Optional<Object> value(String key) {
    Object value = header.metadata().get(architecture + "." + key);
    if (value instanceof List<?> list) {
      boolean equal = !list.isEmpty() && list.stream().allMatch(list.get(0)::equals);
      return Optional.of(equal ? list.get(0) : "a list of " + list.size());
    }
    return Optional.ofNullable(value);
  }

  private Optional<Long> whole(String key) {
    return value(key).filter(Long.class::isInstance).map(Long.class::cast);
  }
}

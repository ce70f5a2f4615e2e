/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The configuration of a decoder as read from a checkpoint's config.json, with the defaults that
 * transformers would fill in. Both the older spellings ({@code rope_theta}, {@code rope_scaling},
 * {@code torch_dtype}) and those of transformers 5 ({@code rope_parameters}, {@code dtype}) are
 * read. Keys that do not change an encoding are ignored.
 *
 * @param spec the decoder; its attention is the declared one, else causal as in transformers
 * @param declaredCausal whether the file says that attention is causal ({@code is_causal}, {@code
 *     use_bidirectional_attention}, a bidirectional {@code model_type}); empty if it does not say
 * @param llm2vec whether the file names one of LLM2Vec's own classes
 * @param llm2vecArchitecture whether upstream's LLM2Vec supports the {@code model_type}
 * @param storedType the format the weights are said to be stored in
 * @param nameOrPath {@code _name_or_path}
 * @param maxPositionEmbeddings longest sequence the model was made for, in tokens
 * @param tiedEmbeddings {@code tie_word_embeddings}, whether the head of the language model is the
 *     embedding
 */
public record DecoderConfig(
    DecoderSpec spec,
    Optional<Boolean> declaredCausal,
    boolean llm2vec,
    boolean llm2vecArchitecture,
    Optional<DType> storedType,
    Optional<String> nameOrPath,
    int maxPositionEmbeddings,
    boolean tiedEmbeddings) {

  public static final String FILE_NAME = "config.json";

  /**
   * Models of text and images, and the type of their {@code text_config} unless it says another.
   */
  private static final Map<String, String> WITH_TEXT_CONFIG =
      Map.of(
          "gemma3",
          "gemma3_text",
          "mistral3",
          "mistral",
          "embedding_gemma2",
          "embedding_gemma2_text");

  /**
   * Classes of published code that are one of ours with bidirectional attention, by their names,
   * such as {@code LlamaBidirectionalModel}. The code itself is never looked at.
   */
  private static final Pattern BIDIRECTIONAL_CLASS =
      Pattern.compile("Bidirec|Bidir[A-Z]|BiDirec|^BidirLM|^PPLXQwen3Model$");

  private static final Set<String> LLM2VEC_CLASSES =
      Set.of(
          "LlamaBiModel",
          "LlamaBiForMNTP",
          "LlamaEncoderModel",
          "MistralBiModel",
          "MistralBiForMNTP",
          "MistralEncoderModel",
          "GemmaBiModel",
          "GemmaBiForMNTP",
          "GemmaEncoderModel",
          "Qwen2BiModel",
          "Qwen2BiForMNTP",
          "Qwen2EncoderModel");

  /**
   * Reads config.json.
   *
   * @throws ModelFormatException if the file is not valid, a value is out of bounds, or the model
   *     needs something that is not supported; the message names file and key
   */
  public static DecoderConfig read(Path file) throws IOException {
    return read(JsonObject.read(file));
  }

  public static DecoderConfig read(JsonObject whole) throws ModelFormatException {
    String wholeType =
        whole
            .text("model_type")
            .orElseThrow(
                () ->
                    whole.unsupported(
                        "model_type", "is missing", "Use one of " + Architecture.supported()));
    // Of a model of text and images the part for text.
    String textType = WITH_TEXT_CONFIG.get(wholeType);
    Optional<JsonObject> text = textType == null ? Optional.empty() : whole.object("text_config");
    JsonObject json = text.orElse(whole);
    String modelType =
        textType != null && text.isPresent() ? json.text("model_type").orElse(textType) : wholeType;
    Architecture architecture =
        Architecture.of(modelType).orElseThrow(() -> unknown(json, modelType));
    refuseUnsupported(json, architecture);
    Optional<Boolean> causal = declaredCausal(whole, json, architecture);
    DecoderSpec spec = new DecoderSpecBuilder(json, architecture).build();
    return new DecoderConfig(
        causal.isPresent() ? spec.withCausal(causal.get()) : spec,
        causal,
        namesClass(whole, LLM2VEC_CLASSES::contains),
        architecture.has(Architecture.Trait.LLM2VEC),
        storedType(whole),
        whole.text("_name_or_path"),
        DecoderSpecBuilder.maxPositions(json, architecture),
        json.flag("tie_word_embeddings")
            .orElse(architecture.has(Architecture.Trait.TIED_EMBEDDINGS)));
  }

  /** The same with causal or bidirectional attention. */
  public DecoderConfig withCausal(boolean causal) {
    return new DecoderConfig(
        spec.withCausal(causal),
        declaredCausal,
        llm2vec,
        llm2vecArchitecture,
        storedType,
        nameOrPath,
        maxPositionEmbeddings,
        tiedEmbeddings);
  }

  private static ModelFormatException unknown(JsonObject json, String modelType) {
    boolean experts =
        json.has("num_experts") || json.has("num_local_experts") || json.has("n_routed_experts");
    return json.unsupported(
        "model_type",
        "'"
            + modelType
            + (experts
                ? "' is a mixture of experts, which is not supported"
                : "' is not supported"),
        "Use one of " + Architecture.supported());
  }

  private static void refuseUnsupported(JsonObject json, Architecture architecture)
      throws ModelFormatException {
    for (String key : List.of("attn_logit_softcapping", "quantization_config")) {
      boolean known =
          key.startsWith("attn") && architecture.has(Architecture.Trait.SOFT_CAPPED_SCORES);
      if (json.isSet(key) && !known) {
        throw json.unsupported(
            key,
            "is set to " + json.shown(key) + ", which is not supported",
            key.startsWith("quant") ? "Use the unquantised model" : "Use another model");
      }
    }
  }

  private static Optional<Boolean> declaredCausal(
      JsonObject whole, JsonObject json, Architecture architecture) throws ModelFormatException {
    Optional<Boolean> isCausal = json.flag("is_causal");
    if (isCausal.isPresent()) {
      return isCausal;
    }
    boolean bidirectional =
        json.flag("use_bidirectional_attention").orElse(false)
            || architecture.has(Architecture.Trait.BIDIRECTIONAL)
            || namesClass(whole, name -> BIDIRECTIONAL_CLASS.matcher(name).find());
    return bidirectional ? Optional.of(false) : Optional.empty();
  }

  /** Whether {@code architectures}, or the code that the model brings along, is such a class. */
  private static boolean namesClass(JsonObject json, Predicate<String> condition)
      throws ModelFormatException {
    if (json.isList("architectures") && json.texts("architectures").stream().anyMatch(condition)) {
      return true;
    }
    if (!json.isObject("auto_map")) {
      return false;
    }
    JsonObject autoMap = json.object("auto_map").orElseThrow();
    String autoModel = autoMap.isText("AutoModel") ? autoMap.text("AutoModel").orElseThrow() : "";
    return condition.test(autoModel.substring(autoModel.lastIndexOf('.') + 1));
  }

  private static Optional<DType> storedType(JsonObject json) throws ModelFormatException {
    Optional<String> given = json.text("dtype");
    String name = (given.isPresent() ? given : json.text("torch_dtype")).orElse("");
    for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16)) {
      if (name.equals(dtype.configName()) || name.equals("torch." + dtype.configName())) {
        return Optional.of(dtype);
      }
    }
    return Optional.empty();
  }
}

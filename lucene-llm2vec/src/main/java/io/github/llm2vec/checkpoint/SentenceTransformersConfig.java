/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The configuration files of sentence-transformers beside a model: {@code modules.json}, the {@code
 * config.json} of its modules, {@code config_sentence_transformers.json} and {@code
 * sentence_bert_config.json}.
 *
 * @param poolingModes what is pooled, in the order in which the results are joined: {@code cls},
 *     {@code max}, {@code mean}, {@code mean_sqrt_len_tokens}, {@code weightedmean} or {@code
 *     lasttoken}
 * @param includePrompt whether pooling counts the tokens of the prompt
 * @param modules what follows the pooling, in order
 * @param prompts texts put before an input, by name such as {@code query}
 * @param defaultPromptName the prompt of inputs for which none is chosen
 * @param promptsComplete whether queries and documents without a prompt of their own get none,
 *     which is so since version 6, rather than the default prompt
 * @param maxSeqLength longest input in tokens, where a file says it outright
 * @param lowercase whether texts are lowercased first
 * @param truncateDim how many leading components of a vector are kept; empty for all
 * @param similarity {@code similarity_fn_name}, by which vectors are to be compared
 */
public record SentenceTransformersConfig(
    List<String> poolingModes,
    boolean includePrompt,
    List<SentenceModule> modules,
    Map<String, String> prompts,
    Optional<String> defaultPromptName,
    boolean promptsComplete,
    Optional<Integer> maxSeqLength,
    boolean lowercase,
    Optional<Integer> truncateDim,
    Optional<String> similarity) {

  /** A module of sentence-transformers that follows the pooling. */
  public sealed interface SentenceModule {

    /** Scales the vector to length one. */
    record Normalize() implements SentenceModule {}

    /**
     * A linear layer with an activation: {@code activation(W x + b)}, and {@code x} added to it, or
     * {@code R x} where the widths differ, if it is residual.
     *
     * @param in width of the input
     * @param out width of the output
     * @param bias whether there is a {@code linear.bias}
     * @param activation class of PyTorch, without its package
     * @param residual whether the input is added
     * @param weights safetensors file with {@code linear.weight} {@code [out, in]} and its kin
     */
    record Dense(int in, int out, boolean bias, String activation, boolean residual, Path weights)
        implements SentenceModule {}
  }

  static final String MODULES = "modules.json";
  static final String PROMPTS = "config_sentence_transformers.json";
  static final String TRANSFORMER = "sentence_bert_config.json";

  private static final int MAX_TOKENS = 1 << 30;
  private static final int MAX_WIDTH = 1 << 20;

  /** Copies the collections and keeps the order of the prompts. */
  public SentenceTransformersConfig {
    poolingModes = List.copyOf(poolingModes);
    modules = List.copyOf(modules);
    prompts = Collections.unmodifiableMap(new LinkedHashMap<>(prompts));
  }

  /** Whether the last module scales vectors to length one. */
  public boolean normalize() {
    return !modules.isEmpty()
        && modules.get(modules.size() - 1) instanceof SentenceModule.Normalize;
  }

  /** The same with the longest input in tokens. */
  SentenceTransformersConfig withMaxSeqLength(int tokens) {
    return new SentenceTransformersConfig(
        poolingModes,
        includePrompt,
        modules,
        prompts,
        defaultPromptName,
        promptsComplete,
        Optional.of(tokens),
        lowercase,
        truncateDim,
        similarity);
  }

  /**
   * Reads the files of a model folder, if it has {@code modules.json}.
   *
   * @throws ModelFormatException if a file is not valid or the model has a module or a setting that
   *     is not supported
   */
  public static Optional<SentenceTransformersConfig> read(Path folder) throws IOException {
    return read(ModelFolder.unfenced(folder));
  }

  static Optional<SentenceTransformersConfig> read(ModelFolder folder) throws IOException {
    Optional<Path> file = folder.file(MODULES);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    SentenceModules modules = SentenceModules.read(folder, file.get());
    Optional<Path> settings = folder.file(PROMPTS);
    JsonObject json =
        settings.isPresent() ? JsonObject.read(settings.get()) : JsonObject.empty(file.get());
    String modelType = json.text("model_type").orElse("SentenceTransformer");
    if (!modelType.equals("SentenceTransformer")) {
      throw json.unsupported(
          "model_type",
          "is " + json.shown("model_type") + ", which gives other than one vector per text",
          "Use a SentenceTransformer");
    }
    Optional<String> defaultPrompt = json.text("default_prompt_name");
    Map<String, String> prompts = json.textMap("prompts");
    if (defaultPrompt.isPresent() && !prompts.containsKey(defaultPrompt.get())) {
      throw json.wrong("default_prompt_name", "one of 'prompts', " + prompts.keySet());
    }
    Optional<Path> transformerFile = folder.file(inside(modules.transformerPath(), TRANSFORMER));
    JsonObject transformer =
        transformerFile.isPresent()
            ? JsonObject.read(transformerFile.get())
            : JsonObject.empty(file.get());
    requireTextAlone(transformer);
    return Optional.of(
        new SentenceTransformersConfig(
            modules.poolingModes(),
            modules.includePrompt(),
            modules.afterPooling(),
            prompts,
            defaultPrompt,
            majorVersion(json) >= 6,
            maxLength(transformer),
            transformer.flag("do_lower_case").orElse(false),
            json.whole("truncate_dim", 1, MAX_WIDTH),
            json.text("similarity_fn_name")));
  }

  /** The folder, inside that of the model, that holds the decoder; "" for the model's own. */
  static String transformerPath(ModelFolder folder) throws IOException {
    Optional<Path> file = folder.file(MODULES);
    return file.isPresent() ? SentenceModules.transformerPath(file.get()) : "";
  }

  /** Files with the weights of modules, relative to the model's folder. */
  static List<String> weightFiles(ModelFolder folder) throws IOException {
    Optional<Path> file = folder.file(MODULES);
    return file.isPresent() ? SentenceModules.weightFiles(file.get()) : List.of();
  }

  static String inside(String folder, String name) {
    return folder.isEmpty() ? name : folder + "/" + name;
  }

  /** The version of sentence-transformers that saved the model; 0 if it is not written. */
  private static int majorVersion(JsonObject json) throws ModelFormatException {
    if (!json.isObject("__version__")) {
      return 0;
    }
    JsonObject versions = json.object("__version__").orElseThrow();
    String version = versions.text("sentence_transformers").orElse("0");
    String major = version.replaceFirst("\\D.*", "");
    return major.isEmpty() || major.length() > 4 ? 0 : Integer.parseInt(major);
  }

  private static Optional<Integer> maxLength(JsonObject transformer) throws ModelFormatException {
    Optional<JsonObject> processing = transformer.object("processing_kwargs");
    if (processing.isPresent()) {
      Optional<Integer> length = processingLength(processing.get());
      if (length.isPresent()) {
        return length;
      }
    }
    for (String key : List.of("processor_kwargs", "tokenizer_args")) {
      Optional<JsonObject> arguments = transformer.object(key);
      if (arguments.isPresent() && arguments.get().has("model_max_length")) {
        return arguments.get().whole("model_max_length", 1, MAX_TOKENS);
      }
    }
    return transformer.whole("max_seq_length", 1, MAX_TOKENS);
  }

  /** Arguments of every call of the tokenizer; those that do not change a text's ids may stand. */
  private static Optional<Integer> processingLength(JsonObject processing)
      throws ModelFormatException {
    Optional<Integer> length = Optional.empty();
    for (String key : processing.keys()) {
      JsonObject arguments = processing.object(key).orElse(processing);
      for (String argument : arguments.keys()) {
        if (argument.equals("max_length")) {
          length = arguments.whole("max_length", 1, MAX_TOKENS);
        } else if (!List.of("padding", "pad_to_multiple_of").contains(argument)) {
          throw arguments.unsupported(
              argument, "is set, which is not supported", "Take it out, if you know what it does");
        }
      }
    }
    return length;
  }

  /** Refuses what feeds the model with other than the text, or reads other than its last states. */
  private static void requireTextAlone(JsonObject json) throws ModelFormatException {
    String task = json.text("transformer_task").orElse("feature-extraction");
    String output = json.text("module_output_name").orElse("token_embeddings");
    if (!task.equals("feature-extraction") || !output.equals("token_embeddings")) {
      throw json.unsupported(
          task.equals("feature-extraction") ? "module_output_name" : "transformer_task",
          "is set to other than the states of a decoder, which is not supported",
          "Use a model for text embeddings");
    }
    for (String key : List.of("query_length", "document_length", "query_expansion")) {
      if (json.isSet(key)) {
        throw json.unsupported(
            key, "is set, which models of several vectors have", "Use a SentenceTransformer");
      }
    }
    Optional<JsonObject> modalities = json.object("modality_config");
    if (modalities.isEmpty()) {
      return;
    }
    if (modalities.get().has("message")) {
      throw json.unsupported(
          "modality_config",
          "has a 'message', so that texts are written into the tokenizer's chat template, which is"
              + " not run here",
          "Leave 'message' out if the model was trained on plain texts");
    }
    JsonObject text =
        modalities
            .get()
            .object("text")
            .orElseThrow(
                () -> json.unsupported("modality_config", "has no 'text'", "Use a text model"));
    boolean plain =
        text.isText("method_output_name")
            && text.text("method_output_name").orElseThrow().equals("last_hidden_state")
            && text.text("method").orElse("").equals("forward");
    if (!plain) {
      throw text.unsupported(
          "method_output_name",
          "is " + text.shown("method_output_name") + ", not the last hidden state",
          "Use another model");
    }
  }
}

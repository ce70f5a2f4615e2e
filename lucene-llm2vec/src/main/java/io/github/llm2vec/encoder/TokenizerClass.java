/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * The tokenizer classes of transformers 4.44 as far as they change token ids: which special tokens
 * they assume unless told otherwise, and whether they decide themselves about BOS and EOS.
 */
enum TokenizerClass {
  /** {@code LlamaTokenizerFast}: Llama 2, Mistral and their kin, not Llama 3. */
  LLAMA(true),
  /** {@code GemmaTokenizerFast}. */
  GEMMA(true),
  /** {@code Qwen2TokenizerFast}, used by Qwen3 too. */
  QWEN2(false),
  /** {@code GPT2TokenizerFast}. */
  GPT2(false),
  /** {@code PreTrainedTokenizerFast}, used by Llama 3, and every class without ways of its own. */
  GENERIC(false);

  private static final String END_OF_TEXT = "<|endoftext|>";

  private final boolean framesItself;

  TokenizerClass(boolean framesItself) {
    this.framesItself = framesItself;
  }

  /** Whether add_bos_token and add_eos_token replace the post-processor of tokenizer.json. */
  boolean framesItself() {
    return framesItself;
  }

  /** Role to content of the tokens assumed where the files do not name one. */
  Map<String, String> defaults() {
    return switch (this) {
      case LLAMA -> Map.of("unk_token", "<unk>", "bos_token", "<s>", "eos_token", "</s>");
      case GEMMA ->
          Map.of(
              "unk_token",
              "<unk>",
              "bos_token",
              "<bos>",
              "eos_token",
              "<eos>",
              "pad_token",
              "<pad>");
      case QWEN2 ->
          Map.of("unk_token", END_OF_TEXT, "eos_token", END_OF_TEXT, "pad_token", END_OF_TEXT);
      case GPT2 ->
          Map.of("unk_token", END_OF_TEXT, "bos_token", END_OF_TEXT, "eos_token", END_OF_TEXT);
      case GENERIC -> Map.of();
    };
  }

  /** Decides as AutoTokenizer does: tokenizer_config.json, then config.json. */
  static TokenizerClass of(JsonNode tokenizerConfig, JsonNode modelConfig) {
    String name = tokenizerConfig.path("tokenizer_class").asText("");
    if (name.isEmpty()) {
      name = modelConfig.path("tokenizer_class").asText("");
    }
    if (name.isEmpty()) {
      return ofModelType(modelConfig.path("model_type").asText(""));
    }
    return switch (name.endsWith("Fast") ? name.substring(0, name.length() - 4) : name) {
      case "LlamaTokenizer" -> LLAMA;
      case "GemmaTokenizer" -> GEMMA;
      case "Qwen2Tokenizer" -> QWEN2;
      case "GPT2Tokenizer" -> GPT2;
      default -> GENERIC;
    };
  }

  private static TokenizerClass ofModelType(String modelType) {
    return switch (modelType) {
      case "llama", "mistral", "mixtral" -> LLAMA;
      case "gemma", "gemma2", "gemma3", "gemma3_text" -> GEMMA;
      case "qwen2", "qwen3" -> QWEN2;
      case "gpt2" -> GPT2;
      default -> GENERIC;
    };
  }
}

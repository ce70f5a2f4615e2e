/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * The tokenizer classes of transformers as far as they change token ids: which special tokens they
 * assume unless told otherwise, whether they decide themselves about BOS and EOS, and what they
 * make of {@code add_prefix_space}.
 */
enum TokenizerClass {
  /** {@code LlamaTokenizer}: Llama 2, Mistral and their kin, not Llama 3. */
  LLAMA(Framing.BOS),
  /** {@code GemmaTokenizer}. */
  GEMMA(Framing.BOS),
  /** {@code CohereTokenizer}. */
  COHERE(Framing.BOS),
  /** {@code Qwen2Tokenizer}, used by Qwen3 too. */
  QWEN2(Framing.NONE),
  /** {@code GPT2Tokenizer}. */
  GPT2(Framing.NONE),
  /** {@code GPTNeoXTokenizer}, used by OLMo. */
  GPT_NEOX(Framing.FLAGS_ALONE),
  /** {@code PreTrainedTokenizerFast}, used by Llama 3, and every class without ways of its own. */
  GENERIC(Framing.NONE);

  /** Whether add_bos_token and add_eos_token replace the post-processor of tokenizer.json. */
  enum Framing {
    /** They have no effect. */
    NONE,
    /** They do where they are written; in transformers 4.44 always, with BOS unless told not to. */
    BOS,
    /** They do always, and neither token is added unless told to. */
    FLAGS_ALONE
  }

  private static final String END_OF_TEXT = "<|endoftext|>";

  private final Framing framing;

  TokenizerClass(Framing framing) {
    this.framing = framing;
  }

  /** What the flags for BOS and EOS do. */
  Framing framing() {
    return framing;
  }

  /**
   * Whether the class sets {@code add_prefix_space} of a byte-level pre-tokenizer even if no file
   * of the model but tokenizer.json says anything about it.
   */
  boolean ownsPrefixSpace() {
    return this == GPT2 || this == GPT_NEOX;
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
      case COHERE -> Map.of("bos_token", "<BOS_TOKEN>", "eos_token", "<|END_OF_TURN_TOKEN|>");
      case QWEN2 ->
          Map.of("unk_token", END_OF_TEXT, "eos_token", END_OF_TEXT, "pad_token", END_OF_TEXT);
      case GPT2, GPT_NEOX ->
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
      case "LlamaTokenizer", "CodeLlamaTokenizer" -> LLAMA;
      case "GemmaTokenizer" -> GEMMA;
      case "CohereTokenizer" -> COHERE;
      case "Qwen2Tokenizer" -> QWEN2;
      case "GPT2Tokenizer" -> GPT2;
      case "GPTNeoXTokenizer" -> GPT_NEOX;
      default -> GENERIC;
    };
  }

  private static TokenizerClass ofModelType(String modelType) {
    return switch (modelType) {
      case "llama", "mistral", "mixtral" -> LLAMA;
      case "gemma", "gemma2", "gemma3", "gemma3_text" -> GEMMA;
      case "qwen2", "qwen3" -> QWEN2;
      case "gpt2" -> GPT2;
      case "gpt_neox", "olmo" -> GPT_NEOX;
      default -> GENERIC;
    };
  }
}

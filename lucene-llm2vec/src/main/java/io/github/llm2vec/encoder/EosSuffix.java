/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.util.Optional;

/**
 * The EOS text or token that pooling mode {@code eos_token} appends to a prompt.
 *
 * @param strips whether the prompt loses its outer whitespace first
 * @param literal text to append, "" for none
 * @param id token to append behind all text, never cut off
 */
record EosSuffix(boolean strips, String literal, Optional<Integer> id) {

  private static final EosSuffix NOTHING = new EosSuffix(false, "", Optional.empty());
  private static final String LLAMA_3_BASE = "meta-llama/Meta-Llama-3-8B";

  /**
   * Decides for a model. Upstream appends a text that depends on the kind of model; where that text
   * is no token of the tokenizer (Llama 3 other than the 8B base) or upstream has none, the real
   * EOS id follows the text instead.
   *
   * @throws IllegalArgumentException if the tokenizer has no EOS
   */
  static EosSuffix of(Tokenizer tokenizer, TextSettings settings) {
    // Upstream returns from its Llama 3 template before it comes to the pooling.
    boolean done = settings.template().equals(ChatTemplates.named("llama3"));
    if (settings.pooling() != Pooling.EOS_TOKEN || done) {
      return NOTHING;
    }
    String literal = upstreamLiteral(settings);
    if (settings.compatibility().has(CompatibilityFlag.LITERAL_EOS)) {
      return new EosSuffix(!literal.isEmpty(), literal, Optional.empty());
    }
    if (!literal.isEmpty() && tokenizer.isAtomic(PythonText.strip(literal))) {
      return new EosSuffix(true, literal, Optional.empty());
    }
    int id =
        tokenizer
            .eosId()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "pooling eos_token needs an eos_token in tokenizer_config.json; name it"
                            + " there or choose another pooling"));
    boolean ends = tokenizer.suffixIds().contains(id);
    return new EosSuffix(true, "", ends ? Optional.empty() : Optional.of(id));
  }

  private static String upstreamLiteral(TextSettings settings) {
    if (settings.nameOrPath().equals(LLAMA_3_BASE)) {
      return "<|end_of_text|>";
    }
    return switch (settings.modelType()) {
      case "llama", "mistral" -> " </s>";
      case "gemma" -> "<eos>";
      case "qwen2" -> "<|endoftext|>";
      default -> "";
    };
  }
}

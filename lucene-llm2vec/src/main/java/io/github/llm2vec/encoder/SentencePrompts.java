/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.model.SentenceTransformersConfig;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the files of sentence-transformers mean in our terms. */
final class SentencePrompts {

  /** A prompt that holds a task sentence which may be exchanged, such as Qwen3-Embedding's. */
  private static final Pattern INSTRUCT = Pattern.compile("(Instruct: )(.+)(\\nQuery: ?)");

  /** EmbeddingGemma's. */
  private static final Pattern TASK = Pattern.compile("(task: )(.+)( \\| query: )");

  private SentencePrompts() {}

  static Pooling pooling(SentenceTransformersConfig config) {
    return switch (config.poolingMode()) {
      case "mean" -> Pooling.MEAN;
      case "weightedmean" -> Pooling.WEIGHTED_MEAN;
      case "lasttoken" -> Pooling.LAST_TOKEN;
      default ->
          throw new IllegalArgumentException(
              "pooling '" + config.poolingMode() + "' has no counterpart here; this is a bug");
    };
  }

  /**
   * The template that puts the configured prompts before queries and documents. Where the query's
   * prompt holds a task sentence, an instruction takes its place; where there is no such prompt, an
   * instruction is written as E5-Mistral and its kin want it.
   */
  static ChatTemplate template(SentenceTransformersConfig config) {
    String fallback = config.defaultPromptName().map(config.prompts()::get).orElse("");
    String query = config.prompts().getOrDefault("query", fallback);
    String document =
        config
                .prompts()
                .getOrDefault("document", config.prompts().getOrDefault("passage", fallback))
            + "{text}";
    for (Pattern pattern : new Pattern[] {INSTRUCT, TASK}) {
      Matcher matcher = pattern.matcher(query);
      if (matcher.matches()) {
        String queryPattern = matcher.group(1) + "{instruction}" + matcher.group(3) + "{text}";
        return template(queryPattern, document, matcher.group(2));
      }
    }
    return query.isEmpty()
        ? template("Instruct: {instruction}\nQuery: {text}", document, "")
        : template(query + "{text}", document, "");
  }

  private static ChatTemplate template(String query, String document, String instruction) {
    return new ChatTemplate("sentence-transformers", "", "", query, document, instruction);
  }
}

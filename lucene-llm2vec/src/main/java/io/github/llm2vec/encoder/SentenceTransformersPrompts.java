/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.checkpoint.SentenceTransformersConfig;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Translation of sentence-transformers' prompts into roles and instructions. */
final class SentenceTransformersPrompts {

  /** A prompt that holds a task sentence which may be exchanged, such as Qwen3-Embedding's. */
  private static final Pattern INSTRUCT = Pattern.compile("(Instruct: )(.+)(\\nQuery: ?)");

  /** EmbeddingGemma's. */
  private static final Pattern TASK = Pattern.compile("(task: )(.+)( \\| query: )");

  private SentenceTransformersPrompts() {}

  static List<Pooling> poolings(SentenceTransformersConfig config) {
    return config.poolingModes().stream()
        .map(mode -> mode.equals("lasttoken") ? Pooling.LAST_TOKEN : Pooling.of(mode))
        .toList();
  }

  /**
   * The template that puts the configured prompts before queries and documents. Since version 6,
   * sentence-transformers writes both of them into every model, and takes none for one that is not
   * there; before, other names and the default prompt took its place. Where the query's prompt
   * holds a task sentence, an instruction takes its place; where there is no such prompt, an
   * instruction is written as E5-Mistral and its kin want it.
   */
  static ChatTemplate template(SentenceTransformersConfig config) {
    Map<String, String> prompts = config.prompts();
    String fallback = config.defaultPromptName().map(prompts::get).orElse("");
    String query = prompts.getOrDefault("query", config.promptsComplete() ? "" : fallback);
    String passage = prompts.getOrDefault("passage", prompts.getOrDefault("corpus", fallback));
    String document =
        prompts.getOrDefault("document", config.promptsComplete() ? "" : passage) + "{text}";
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.List;
import java.util.Objects;

/**
 * Settings of text preparation: template, pooling modes and lengths. Names and defaults of the
 * lengths are those of {@code llm2vec_config.json}.
 *
 * @param template what is written around a text
 * @param poolings how vectors are made; several are joined to a longer one; {@code eos_token}
 *     changes the text
 * @param maxLength most tokens of a sequence, special tokens included; the rest is cut at its end
 * @param docMaxLength texts of more tokens are shortened before anything is put around them; no
 *     less than {@code maxLength} switches that off
 * @param skipInstruction whether only the text and what follows it is pooled
 * @param countsPrompt whether what is skipped are as many tokens as the instruction alone has, its
 *     special tokens included, and nothing where there is none: sentence-transformers' way, which
 *     takes LLM2Vec's place
 * @param modelType {@code model_type} of config.json
 * @param nameOrPath {@code _name_or_path} of the model
 * @param compatibility which of upstream's ways to follow
 */
public record TextSettings(
    ChatTemplate template,
    List<Pooling> poolings,
    int maxLength,
    int docMaxLength,
    boolean skipInstruction,
    boolean countsPrompt,
    String modelType,
    String nameOrPath,
    Compatibility compatibility) {

  /** {@code max_length} where nothing else is said. */
  public static final int DEFAULT_MAX_LENGTH = 512;

  /** {@code doc_max_length} where nothing else is said. */
  public static final int DEFAULT_DOC_MAX_LENGTH = 400;

  /** Checks the lengths. */
  public TextSettings {
    Objects.requireNonNull(template, "template");
    poolings = List.copyOf(poolings);
    if (poolings.isEmpty()) {
      throw new IllegalArgumentException("there must be a pooling");
    }
    if (maxLength < 1) {
      throw new IllegalArgumentException("max_length must be >= 1, got " + maxLength);
    }
    if (docMaxLength < 1) {
      throw new IllegalArgumentException("doc_max_length must be >= 1, got " + docMaxLength);
    }
  }

  /**
   * Upstream's defaults for a model: its template, mean pooling over the text, 512 and 400 tokens.
   *
   * @param nameOrPath {@code _name_or_path} of the model
   * @param modelType {@code model_type} of config.json
   */
  public static TextSettings defaults(String nameOrPath, String modelType) {
    return new TextSettings(
        ChatTemplates.ofModel(nameOrPath),
        List.of(Pooling.MEAN),
        DEFAULT_MAX_LENGTH,
        DEFAULT_DOC_MAX_LENGTH,
        true,
        false,
        modelType,
        nameOrPath,
        Compatibility.PUBLISHED);
  }

  /** The pooling, the first of several. */
  public Pooling pooling() {
    return poolings.get(0);
  }

  /** The same with another template. */
  public TextSettings withTemplate(ChatTemplate value) {
    return with(value, poolings, maxLength, docMaxLength, skipInstruction, compatibility);
  }

  /** The same with another pooling. */
  public TextSettings withPooling(Pooling value) {
    return with(template, List.of(value), maxLength, docMaxLength, skipInstruction, compatibility);
  }

  /** The same with other lengths. */
  public TextSettings withLengths(int newMaxLength, int newDocMaxLength) {
    return with(template, poolings, newMaxLength, newDocMaxLength, skipInstruction, compatibility);
  }

  /** The same with instructions pooled or not. */
  public TextSettings withSkipInstruction(boolean value) {
    return with(template, poolings, maxLength, docMaxLength, value, compatibility);
  }

  /** The same with another compatibility. */
  public TextSettings withCompatibility(Compatibility value) {
    return with(template, poolings, maxLength, docMaxLength, skipInstruction, value);
  }

  private TextSettings with(
      ChatTemplate newTemplate,
      List<Pooling> newPoolings,
      int newMaxLength,
      int newDocMaxLength,
      boolean newSkipInstruction,
      Compatibility newCompatibility) {
    return new TextSettings(
        newTemplate,
        newPoolings,
        newMaxLength,
        newDocMaxLength,
        newSkipInstruction,
        countsPrompt,
        modelType,
        nameOrPath,
        newCompatibility);
  }
}

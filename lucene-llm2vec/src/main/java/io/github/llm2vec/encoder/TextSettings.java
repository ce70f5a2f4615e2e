/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Objects;

/**
 * How texts are brought before a model. Names and defaults of the lengths are those of {@code
 * llm2vec_config.json}.
 *
 * @param template what is written around a text
 * @param pooling how vectors are made; {@code eos_token} changes the text
 * @param maxLength most tokens of a sequence, special tokens included; the rest is cut at its end
 * @param docMaxLength texts of more tokens are shortened before anything is put around them; no
 *     less than {@code maxLength} switches that off
 * @param skipInstruction whether only the text and what follows it is pooled
 * @param modelType {@code model_type} of config.json
 * @param nameOrPath {@code _name_or_path} of the model
 * @param compatibility which of upstream's ways to follow
 */
public record TextSettings(
    ChatTemplate template,
    Pooling pooling,
    int maxLength,
    int docMaxLength,
    boolean skipInstruction,
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
    Objects.requireNonNull(pooling, "pooling");
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
        Pooling.MEAN,
        DEFAULT_MAX_LENGTH,
        DEFAULT_DOC_MAX_LENGTH,
        true,
        modelType,
        nameOrPath,
        Compatibility.PUBLISHED);
  }

  /** The same with another template. */
  public TextSettings withTemplate(ChatTemplate value) {
    return new TextSettings(
        value,
        pooling,
        maxLength,
        docMaxLength,
        skipInstruction,
        modelType,
        nameOrPath,
        compatibility);
  }

  /** The same with another pooling. */
  public TextSettings withPooling(Pooling value) {
    return new TextSettings(
        template,
        value,
        maxLength,
        docMaxLength,
        skipInstruction,
        modelType,
        nameOrPath,
        compatibility);
  }

  /** The same with other lengths. */
  public TextSettings withLengths(int newMaxLength, int newDocMaxLength) {
    return new TextSettings(
        template,
        pooling,
        newMaxLength,
        newDocMaxLength,
        skipInstruction,
        modelType,
        nameOrPath,
        compatibility);
  }

  /** The same with instructions pooled or not. */
  public TextSettings withSkipInstruction(boolean value) {
    return new TextSettings(
        template, pooling, maxLength, docMaxLength, value, modelType, nameOrPath, compatibility);
  }

  /** The same with another compatibility. */
  public TextSettings withCompatibility(Compatibility value) {
    return new TextSettings(
        template, pooling, maxLength, docMaxLength, skipInstruction, modelType, nameOrPath, value);
  }
}

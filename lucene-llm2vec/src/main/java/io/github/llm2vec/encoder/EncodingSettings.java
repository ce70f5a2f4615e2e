/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.model.Llm2VecConfig;
import io.github.llm2vec.model.ResolvedCheckpoint;
import io.github.llm2vec.model.SentenceTransformersConfig;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a checkpoint encodes: the caller's options first, then {@code llm2vec_config.json}, then the
 * files of sentence-transformers, then what is known of the {@code model_type}, then upstream's
 * defaults.
 *
 * @param text how texts are prepared and pooled
 * @param normalize whether vectors are scaled to length one
 */
public record EncodingSettings(TextSettings text, boolean normalize) {

  private static final String NEMOTRON = "llama_bidirec";

  /** Settles everything that is left open, the checkpoint's files included. */
  public static EncodingSettings of(ResolvedCheckpoint checkpoint, Llm2VecOptions options) {
    return of(checkpoint, checkpoint.llm2vecConfig(), options);
  }

  /**
   * Settles everything that is left open.
   *
   * @param own the checkpoint's {@code llm2vec_config.json}, as far as it is to count
   */
  static EncodingSettings of(
      ResolvedCheckpoint checkpoint, Llm2VecConfig own, Llm2VecOptions options) {
    String modelType = checkpoint.spec().modelType();
    String nameOrPath = checkpoint.nameOrPath();
    Optional<SentenceTransformersConfig> sentence = checkpoint.sentenceTransformers();
    boolean nemotron = modelType.equals(NEMOTRON);
    Pooling pooling =
        options
            .pooling()
            .or(() -> own.poolingMode().map(Pooling::of))
            .or(() -> sentence.map(SentencePrompts::pooling))
            .orElse(Pooling.MEAN);
    int maxLength =
        first(options.maxLength(), own.maxLength())
            .or(() -> sentence.flatMap(SentenceTransformersConfig::maxSeqLength))
            .orElse(TextSettings.DEFAULT_MAX_LENGTH);
    // Only LLM2Vec shortens documents before it truncates sequences.
    int docMaxLength =
        first(options.docMaxLength(), own.docMaxLength())
            .orElse(
                sentence.isPresent() || nemotron
                    ? Integer.MAX_VALUE
                    : TextSettings.DEFAULT_DOC_MAX_LENGTH);
    boolean skipInstruction =
        options
            .skipInstruction()
            .or(own::skipInstruction)
            .or(() -> sentence.map(s -> !s.includePrompt()))
            .orElse(!nemotron);
    TextSettings text =
        new TextSettings(
            template(nameOrPath, sentence, nemotron, options),
            pooling,
            maxLength,
            docMaxLength,
            skipInstruction,
            modelType,
            nameOrPath,
            options.compatibility());
    boolean normalize =
        options
            .normalize()
            .or(() -> sentence.map(SentenceTransformersConfig::normalize))
            .orElse(nemotron);
    return new EncodingSettings(text, normalize);
  }

  private static ChatTemplate template(
      String nameOrPath,
      Optional<SentenceTransformersConfig> sentence,
      boolean nemotron,
      Llm2VecOptions options) {
    return options
        .template()
        .or(() -> sentence.map(SentencePrompts::template))
        .orElseGet(
            () ->
                nemotron
                    ? ChatTemplates.named("nemotron")
                    : options.compatibility().has(Quirk.TEMPLATE_BY_NAME)
                        ? ChatTemplates.ofModel(nameOrPath)
                        : ChatTemplates.NONE);
  }

  private static Optional<Integer> first(OptionalInt option, Optional<Integer> file) {
    return option.isPresent() ? Optional.of(option.getAsInt()) : file;
  }
}

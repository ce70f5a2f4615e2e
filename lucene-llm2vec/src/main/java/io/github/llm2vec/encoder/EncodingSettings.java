/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.checkpoint.Llm2VecConfig;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.SentenceTransformersConfig;
import io.github.llm2vec.checkpoint.SentenceTransformersConfig.SentenceModule;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The effective encoding settings of a checkpoint: the caller's options first, then {@code
 * llm2vec_config.json}, then the files of sentence-transformers, then what is known of the {@code
 * model_type}, then upstream's defaults.
 *
 * @param text how texts are prepared and pooled
 * @param modules what is done to a pooled vector before it is cut
 * @param dimensions how many leading components are kept; empty for all
 * @param cutByModel whether that is the model's own choice, which may be more than there are
 * @param normalize whether vectors are scaled to length one after that
 */
public record EncodingSettings(
    TextSettings text,
    List<SentenceModule> modules,
    OptionalInt dimensions,
    boolean cutByModel,
    boolean normalize) {

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
    List<Pooling> poolings =
        options
            .pooling()
            .or(() -> own.poolingMode().map(Pooling::of))
            .map(List::of)
            .or(() -> sentence.map(SentenceTransformersPrompts::poolings))
            .orElse(List.of(Pooling.MEAN));
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
            poolings,
            maxLength,
            docMaxLength,
            skipInstruction,
            sentence.isPresent(),
            modelType,
            nameOrPath,
            options.compatibility());
    return finished(text, sentence, nemotron, options);
  }

  /** Width of the vectors that are pooled of states of a width. */
  public int pooledWidth(int stateWidth) {
    return Math.multiplyExact(stateWidth, text.poolings().size());
  }

  /**
   * How many components are kept of vectors of a width.
   *
   * @throws IllegalArgumentException if the caller asks for more than there are
   */
  public int dimensions(int width) {
    if (dimensions.orElse(0) > width && !cutByModel) {
      throw new IllegalArgumentException(
          "dimensions must be at most the model's " + width + ", got " + dimensions.getAsInt());
    }
    return Math.min(dimensions.orElse(width), width);
  }

  /**
   * What is to be known of {@code similarity_fn_name} of sentence-transformers: by what a model's
   * vectors are compared, and whether scaling them to length one, which the model does not do
   * itself, ranks otherwise. Cosine, and any measure of vectors that the model scales, does not
   * care.
   *
   * @return empty where nothing is lost by what these settings do
   */
  public Optional<String> similarityLost(ResolvedCheckpoint checkpoint) {
    Optional<SentenceTransformersConfig> sentence = checkpoint.sentenceTransformers();
    boolean scaledByModel = sentence.map(SentenceTransformersConfig::normalize).orElse(false);
    return sentence
        .flatMap(SentenceTransformersConfig::similarity)
        .filter(name -> normalize && !scaledByModel && !name.equals("cosine"))
        .map(
            name ->
                "the model compares vectors by '"
                    + name
                    + "' (similarity_fn_name), which scaling to length 1 ranks otherwise; set"
                    + " normalize to false and give the field the similarity "
                    + (name.startsWith("dot") ? "maximum_inner_product" : "euclidean"));
  }

  /**
   * Settles what happens to a pooled vector. A model that cuts its vectors does so behind its last
   * module and scales nothing afterwards; a cut that the caller asks for comes before the scaling.
   */
  private static EncodingSettings finished(
      TextSettings text,
      Optional<SentenceTransformersConfig> sentence,
      boolean nemotron,
      Llm2VecOptions options) {
    List<SentenceModule> modules =
        sentence.map(SentenceTransformersConfig::modules).orElse(List.of());
    boolean scales = sentence.map(SentenceTransformersConfig::normalize).orElse(nemotron);
    Optional<Integer> cut = sentence.flatMap(SentenceTransformersConfig::truncateDim);
    boolean cutByModel = options.dimensions().isEmpty() && cut.isPresent();
    if (sentence.isPresent() && scales && !cutByModel) {
      modules = modules.subList(0, modules.size() - 1);
    }
    OptionalInt dimensions = cutByModel ? OptionalInt.of(cut.get()) : options.dimensions();
    boolean normalize = options.normalize().orElse(scales && !cutByModel);
    return new EncodingSettings(text, List.copyOf(modules), dimensions, cutByModel, normalize);
  }

  private static ChatTemplate template(
      String nameOrPath,
      Optional<SentenceTransformersConfig> sentence,
      boolean nemotron,
      Llm2VecOptions options) {
    return options
        .template()
        .or(() -> sentence.map(SentenceTransformersPrompts::template))
        .orElseGet(
            () ->
                nemotron
                    ? ChatTemplates.named("nemotron")
                    : options.compatibility().has(CompatibilityFlag.TEMPLATE_BY_NAME)
                        ? ChatTemplates.ofModel(nameOrPath)
                        : ChatTemplates.NONE);
  }

  private static Optional<Integer> first(OptionalInt option, Optional<Integer> file) {
    return option.isPresent() ? Optional.of(option.getAsInt()) : file;
  }
}

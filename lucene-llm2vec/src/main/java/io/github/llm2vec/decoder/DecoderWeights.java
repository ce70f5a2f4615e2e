/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.gguf.GgufWeights;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tensors of a decoder under the names of {@link DecoderLayout}, whatever stands before them in
 * the file, complete and of the right shapes, with or without the head of a language model. What
 * else a decoder does not need is not shown. Owns the source.
 *
 * @param head its name in the source, or "" if it is not shown
 * @param embedding its name in the source
 */
public record DecoderWeights(
    TensorSource source, String prefix, Set<String> names, String head, String embedding)
    implements TensorSource {

  private static final Logger LOG = LoggerFactory.getLogger(DecoderWeights.class);

  // Bare encoders, language models, what PEFT wraps around either, and the part for text of a model
  // that also takes images.
  private static final List<String> PREFIXES =
      List.of(
          "",
          "model.",
          "base_model.model.",
          "base_model.model.model.",
          "language_model.",
          "model.language_model.",
          "language_model.model.");

  /** The head of a language model, which no prefix but PEFT's stands before. */
  public static final String HEAD = "lm_head.weight";

  private static final String EMBEDDING = "embed_tokens.weight";

  private static final int SHOWN = 5;

  /**
   * Opens the weights of a folder and checks them against its configuration.
   *
   * @throws ModelFormatException if tensors are missing, have other shapes or cannot be read
   */
  public static DecoderWeights open(ModelFolder folder, DecoderConfig config) throws IOException {
    TensorSource source = openStored(folder);
    try {
      return checked(folder, config, source);
    } catch (IOException | RuntimeException e) {
      Closeables.afterFailure(e, List.of(source));
      throw e;
    }
  }

  /**
   * Opens all tensors of a folder as they are stored: those of its GGUF file, else safetensors.
   *
   * @throws ModelFormatException if a file is damaged
   * @throws ModelUnavailableException if there are no weights
   */
  public static TensorSource openStored(ModelFolder folder) throws IOException {
    return folder.gguf().isPresent()
        ? GgufWeights.open(folder.gguf().get())
        : Safetensors.openFolder(folder);
  }

  /**
   * As {@link #open}, with the head if the checkpoint has one of its own.
   *
   * @throws ModelFormatException as there, also for the head
   */
  public static DecoderWeights openLanguageModel(ModelFolder folder, DecoderConfig config)
      throws IOException {
    DecoderWeights decoder = open(folder, config);
    String head = head(decoder.prefix);
    if (config.tiedEmbeddings() || !decoder.source.names().contains(head)) {
      return decoder;
    }
    try {
      long vocabulary = config.spec().vocabSize();
      long width = config.spec().hiddenSize();
      checkTensor(folder, decoder.source, head, List.of(vocabulary, width));
    } catch (ModelFormatException e) {
      Closeables.afterFailure(e, List.of(decoder));
      throw e;
    }
    Set<String> names = new LinkedHashSet<>(decoder.names);
    names.add(HEAD);
    return new DecoderWeights(decoder.source, decoder.prefix, names, head, decoder.embedding);
  }

  private static DecoderWeights checked(
      ModelFolder folder, DecoderConfig config, TensorSource source) throws ModelFormatException {
    Map<String, List<Long>> expected = DecoderLayout.of(config.spec()).tensors();
    String prefix = prefix(folder, source);
    String embedding = embedding(source, prefix, config.tiedEmbeddings());
    DecoderWeights weights = new DecoderWeights(source, prefix, expected.keySet(), "", embedding);
    List<String> missing =
        expected.keySet().stream()
            .filter(n -> !source.names().contains(weights.stored(n)))
            .toList();
    if (!missing.isEmpty()) {
      throw new ModelFormatException(
          folder.source(),
          "lacks " + missing.size() + " tensors of the model: " + shown(missing),
          "Fetch the complete model; config.json and weights must belong together");
    }
    for (Map.Entry<String, List<Long>> entry : expected.entrySet()) {
      checkTensor(folder, source, weights.stored(entry.getKey()), entry.getValue());
    }
    warnOfUnused(folder, source, prefix, expected.keySet());
    return weights;
  }

  /** What stands before the names of a decoder's tensors. */
  public static String prefix(ModelFolder folder, TensorSource source) throws ModelFormatException {
    return PREFIXES.stream()
        .filter(p -> source.names().contains(p + EMBEDDING) || holdsLayers(source, p))
        .findFirst()
        .orElseThrow(
            () ->
                new ModelFormatException(
                    folder.source(),
                    "has no tensor embed_tokens.weight, with or without model. before it",
                    "Use the complete weights of a decoder"));
  }

  private static boolean holdsLayers(TensorSource source, String prefix) {
    return source.names().stream().anyMatch(name -> name.startsWith(prefix + "layers.0."));
  }

  /** The name of the embedding in a source; a tied one may be there as the head alone. */
  public static String embedding(TensorSource source, String prefix, boolean tied) {
    boolean asHead =
        tied
            && !source.names().contains(prefix + EMBEDDING)
            && source.names().contains(head(prefix));
    return asHead ? head(prefix) : prefix + EMBEDDING;
  }

  private static String head(String prefix) {
    return prefix.replaceFirst("model\\.$", "") + HEAD;
  }

  private String stored(String name) {
    return name.equals(HEAD) ? head : name.equals(EMBEDDING) ? embedding : prefix + name;
  }

  private static void checkTensor(
      ModelFolder folder, TensorSource source, String name, List<Long> expected)
      throws ModelFormatException {
    long[] shape = source.shape(name).orElseThrow();
    if (!Arrays.equals(shape, expected.stream().mapToLong(Long::longValue).toArray())) {
      throw new ModelFormatException(
          folder.source(),
          "has tensor '%s' of shape %s, expected %s by config.json"
              .formatted(name, Arrays.toString(shape), expected),
          "Use the config.json that belongs to the weights");
    }
    if (source.dtype(name).isEmpty()) {
      throw new ModelFormatException(
          folder.source(),
          "stores tensor '" + name + "' in a format other than F32, F16 and BF16",
          "Use the unquantised model");
    }
  }

  private static void warnOfUnused(
      ModelFolder folder, TensorSource source, String prefix, Set<String> expected) {
    List<String> unused =
        source.names().stream()
            .filter(name -> name.startsWith(prefix + "layers."))
            .filter(name -> !expected.contains(name.substring(prefix.length())))
            // Old exports of Llama 2 hold what follows from config.json.
            .filter(name -> !name.endsWith("rotary_emb.inv_freq"))
            .toList();
    if (!unused.isEmpty()) {
      LOG.warn(
          "{} holds {} tensors that its config.json has no use for: {}",
          folder.source(),
          unused.size(),
          shown(unused));
    }
  }

  private static String shown(List<String> names) {
    return names.stream().limit(SHOWN).collect(Collectors.joining(", "))
        + (names.size() > SHOWN ? ", ..." : "");
  }

  @Override
  public Optional<long[]> shape(String name) {
    return names.contains(name) ? source.shape(stored(name)) : Optional.empty();
  }

  @Override
  public Optional<DType> dtype(String name) {
    return names.contains(name) ? source.dtype(stored(name)) : Optional.empty();
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) throws IOException {
    if (!names.contains(name)) {
      throw new IllegalArgumentException("a decoder has no tensor '" + name + "'");
    }
    source.read(stored(name), firstElement, target);
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}

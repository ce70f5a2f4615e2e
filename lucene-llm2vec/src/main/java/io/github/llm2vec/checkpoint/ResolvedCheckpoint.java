/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.decoder.DecoderWeights;
import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/** A model whose parts were all found; nothing is open yet. Immutable. */
public final class ResolvedCheckpoint {

  private final Parts parts;
  private final DecoderConfig config;

  ResolvedCheckpoint(Parts parts, DecoderConfig config) {
    this.parts = parts;
    this.config = config;
  }

  /**
   * What the resolver found.
   *
   * @param given folder of what was asked for: the base, or an adapter that names it
   * @param weights folder of the base's weights and configuration
   * @param adapters folders of the adapters, in the order in which they are merged
   * @param tokenizer folder of the tokenizer's files
   * @param nameOrPath see {@link ResolvedCheckpoint#nameOrPath}
   * @param llm2vecConfig see {@link ResolvedCheckpoint#llm2vecConfig}
   * @param sentenceTransformers see {@link ResolvedCheckpoint#sentenceTransformers}
   */
  record Parts(
      ModelFolder given,
      ModelFolder weights,
      List<ModelFolder> adapters,
      ModelFolder tokenizer,
      String nameOrPath,
      Llm2VecConfig llm2vecConfig,
      Optional<SentenceTransformersConfig> sentenceTransformers) {

    Parts {
      adapters = List.copyOf(adapters);
    }
  }

  /** The decoder, with the attention that this checkpoint is used with unless a caller differs. */
  @API(status = API.Status.INTERNAL)
  public DecoderSpec spec() {
    return config.spec();
  }

  /** All that config.json of the weights says. */
  @API(status = API.Status.INTERNAL)
  public DecoderConfig config() {
    return config;
  }

  /** The folder of the base's config.json and weights. */
  public Path weightsFolder() {
    return parts.weights().path();
  }

  /** What holds the weights, for messages: their folder, or a GGUF file. */
  public Path weightsSource() {
    return parts.weights().source();
  }

  /** The folders of the adapters, in the order in which they are merged. */
  public List<Path> adapterFolders() {
    return parts.adapters().stream().map(ModelFolder::path).toList();
  }

  /** The folder of the tokenizer's files. */
  public Path tokenizerFolder() {
    return parts.tokenizer().path();
  }

  /**
   * A file of the tokenizer, or empty if there is none.
   *
   * @param name such as {@code tokenizer.json}
   * @throws ModelUnavailableException if it is a link that leaves the allowed folder
   */
  public Optional<Path> tokenizerFile(String name) throws IOException {
    return parts.tokenizer().file(name);
  }

  /**
   * What upstream would have in {@code config._name_or_path}; LLM2Vec's chat templates are chosen
   * by it. "" if a local config.json does not have it.
   */
  public String nameOrPath() {
    return parts.nameOrPath();
  }

  /** What {@code llm2vec_config.json} says; empty values if there is no such file. */
  public Llm2VecConfig llm2vecConfig() {
    return parts.llm2vecConfig();
  }

  /** What the files of sentence-transformers say, if the model has them. */
  public Optional<SentenceTransformersConfig> sentenceTransformers() {
    return parts.sentenceTransformers();
  }

  /**
   * Opens the base's weights: complete, of the shapes that {@link #spec} asks for, and named as in
   * {@link io.github.llm2vec.decoder.DecoderLayout} whatever the file calls them. To be closed by
   * the caller.
   */
  public TensorSource openWeights() throws IOException {
    return DecoderWeights.open(parts.weights(), config);
  }

  /**
   * As {@link #openWeights}, with {@value DecoderWeights#HEAD} beside them if the checkpoint is a
   * language model whose head is not its embedding. To be closed by the caller.
   */
  public TensorSource openLanguageModel() throws IOException {
    return DecoderWeights.openLanguageModel(parts.weights(), config);
  }

  Parts parts() {
    return parts;
  }

  /** Opens the adapters, in the order in which they are merged. To be closed by the caller. */
  public List<LoraAdapter> openAdapters() throws IOException {
    List<LoraAdapter> adapters = new ArrayList<>();
    try {
      for (ModelFolder folder : parts.adapters()) {
        adapters.add(LoraAdapter.open(folder, spec()));
      }
      return List.copyOf(adapters);
    } catch (IOException | RuntimeException e) {
      Closeables.afterFailure(e, adapters);
      throw e;
    }
  }

  /**
   * A hash of configuration, weights and adapters (SHA-256, lower-case hexadecimal): equal for
   * copies of a model, different if a tensor's place, shape or, very likely, content differs. Reads
   * a sample of the weights only, so that it is cheap for a model of any size.
   */
  public String fingerprint() throws IOException {
    return CheckpointFingerprint.of(parts.weights(), parts.adapters(), spec(), nameOrPath());
  }
}

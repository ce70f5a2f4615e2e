/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.RandomWeights;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerOptions;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TrainOptions;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.PretrainConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The model that a run begins with: found, with its tokenizer open, its weights not yet read. */
final class BaseModel implements AutoCloseable {

  private final Parts parts;
  private final Tokenizer tokenizer;

  /** Reads weights. */
  private interface Weights {
    TrainableModel open(TrainOptions options, LoadListener listener) throws IOException;
  }

  /**
   * What a model is made of.
   *
   * @param config what it is
   * @param configFile where that is said
   * @param name how it is called by who names it as a base
   * @param nameOrPath by which its chat template is chosen
   * @param tokenizerFolder where its tokenizer is
   * @param weights reads its weights
   */
  private record Parts(
      DecoderConfig config,
      Path configFile,
      String name,
      String nameOrPath,
      Path tokenizerFolder,
      Weights weights) {}

  private BaseModel(Parts parts, Tokenizer tokenizer) {
    this.parts = parts;
    this.tokenizer = tokenizer;
  }

  /** Finds a model and opens its tokenizer. */
  static BaseModel find(ModelArguments model, ResolverOptions options) throws IOException {
    Path folder = Path.of(model.name());
    boolean local = Files.isDirectory(folder);
    boolean pinned = !local && !model.revision().equals("main");
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(withCache(options, model.cacheDir()))
            .resolve(
                new CheckpointResolver.Request(
                    pinned ? model.name() + "@" + model.revision() : model.name(),
                    model.adapters(),
                    Optional.of(model.bidirectional())));
    return withTokenizer(
        new Parts(
            checkpoint.config(),
            checkpoint.weightsFolder().resolve("config.json"),
            local ? folder.toAbsolutePath().normalize().toString() : model.name(),
            checkpoint.nameOrPath(),
            model.tokenizer().map(Path::of).orElse(checkpoint.tokenizerFolder()),
            (train, listener) -> open(checkpoint, train, listener)));
  }

  /** A model that has learnt nothing yet. */
  static BaseModel fresh(PretrainConfig config) throws IOException {
    Path file =
        Files.isDirectory(config.architecture())
            ? config.architecture().resolve("config.json")
            : config.architecture();
    if (!Files.isRegularFile(file)) {
      throw new TrainingException(
          "config_name: there is no file " + file + "; name a folder with a config.json");
    }
    DecoderConfig decoder = DecoderConfig.read(file).withCausal(true);
    int seed = config.training().run().seed();
    return withTokenizer(
        new Parts(
            decoder,
            file,
            "",
            "",
            config.tokenizer(),
            (options, listener) -> {
              try (RandomWeights weights = RandomWeights.of(file, seed)) {
                return new TorchTrainableModel(
                    DecoderTrainer.open(
                        decoder.spec(),
                        CheckpointWeights.of(weights, file.toString()),
                        options,
                        listener));
              }
            }));
  }

  private static BaseModel withTokenizer(Parts parts) throws IOException {
    if (!Files.isDirectory(parts.tokenizerFolder())) {
      throw new TrainingException(
          "tokenizer_name: there is no folder "
              + parts.tokenizerFolder()
              + "; name a folder with a tokenizer.json");
    }
    int rows = parts.config().spec().vocabSize();
    return new BaseModel(
        parts,
        Tokenizer.open(parts.tokenizerFolder(), TokenizerOptions.DEFAULTS.withEmbeddingRows(rows)));
  }

  private static ResolverOptions withCache(ResolverOptions options, Optional<Path> cache) {
    if (cache.isEmpty()) {
      return options;
    }
    HubEnvironment hub = options.environment();
    return new ResolverOptions(
        options.root(),
        options.allowDownloads(),
        new HubEnvironment(cache.get(), hub.endpoint(), hub.token(), hub.offline()),
        options.listener());
  }

  private static TrainableModel open(
      ResolvedCheckpoint checkpoint, TrainOptions options, LoadListener listener)
      throws IOException {
    List<LoraAdapter> adapters = checkpoint.openAdapters();
    try (TensorSource weights = checkpoint.openLanguageModel()) {
      return new TorchTrainableModel(
          DecoderTrainer.open(
              checkpoint.spec(),
              CheckpointWeights.of(weights, adapters, checkpoint.weightsFolder().toString()),
              options,
              listener));
    } finally {
      for (LoraAdapter adapter : adapters) {
        adapter.close();
      }
    }
  }

  /** How the model is called in the files of an adapter. */
  String name() {
    return parts.name();
  }

  /** What the model is. */
  DecoderConfig config() {
    return parts.config();
  }

  /** Where that is said. */
  Path configFile() {
    return parts.configFile();
  }

  /** The tokenizer, owned by this model. */
  Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Where the tokenizer's files are. */
  Path tokenizerFolder() {
    return parts.tokenizerFolder();
  }

  /** How the model wants its texts. */
  TextSettings textSettings() {
    return TextSettings.defaults(parts.nameOrPath(), parts.config().spec().modelType());
  }

  /** Reads the weights, merging adapters into them, and puts what is trained on top. */
  TrainableModel open(TrainOptions options, LoadListener listener) throws IOException {
    return parts.weights().open(options, listener);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.checkpoint.SentenceTransformersConfig;
import io.github.llm2vec.checkpoint.SentenceTransformersConfig.SentenceModule;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.decoder.RandomWeights;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.LoraAdapterWriter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerOptions;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.LanguageModelHead;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.LoraOptions;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import io.github.llm2vec.torch.TrainDevices;
import io.github.llm2vec.torch.TrainOptions;
import io.github.llm2vec.torch.TrainableParameters;
import io.github.llm2vec.torch.TrainingMemory;
import io.github.llm2vec.trainer.checkpoint.AdapterFiles;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles.Encoding;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.WholeModelFiles;
import io.github.llm2vec.trainer.config.LoraArguments;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.StudentArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.distillation.InitialEmbeddings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The base model of a run, as PEFT calls it: where it lies, its open tokenizer, and how it is
 * trained. Its weights are read by {@link #open}.
 */
final class BaseModel implements AutoCloseable {

  private final Source source;
  private final Tokenizer tokenizer;
  private final TrainingArguments training;
  private final TrainableParameters trained;
  private final DType computed;
  private final DType stored;

  /** Texts of an example, a query with a document that is its answer and one that is not. */
  private static final int TEXTS_OF_EXAMPLE = 3;

  /**
   * Is told what happens while weights are read.
   *
   * @param loading of each weight
   * @param notes of what whoever watches the run should know
   */
  record Watcher(LoadListener loading, Consumer<String> notes) {}

  /** Reads weights. */
  private interface Weights {
    DecoderTrainer open(TrainOptions options, LoadListener listener) throws IOException;
  }

  /**
   * Where a model comes from.
   *
   * @param config what it is
   * @param configFile its config.json
   * @param name the base model's name in the files of an adapter
   * @param nameOrPath by which its chat template is chosen
   * @param tokenizerFolder where its tokenizer is
   * @param modules what follows its pooling
   * @param weights reads its weights
   */
  private record Source(
      DecoderConfig config,
      Path configFile,
      String name,
      String nameOrPath,
      Path tokenizerFolder,
      List<SentenceModule> modules,
      Weights weights) {

    Source {
      modules = List.copyOf(modules);
    }
  }

  /**
   * @param dtype the dtype that it is loaded in, and saved in if all weights are trained
   * @param bf16Over the dtype it is computed in where {@code bf16} is not set
   */
  private BaseModel(
      Source source,
      TrainingArguments training,
      TrainableParameters trained,
      DType dtype,
      DType bf16Over)
      throws IOException {
    if (!Files.isDirectory(source.tokenizerFolder())) {
      throw new TrainingException(
          "tokenizer_name: there is no folder %s; name a folder with a tokenizer.json"
              .formatted(source.tokenizerFolder()));
    }
    this.source = source;
    this.training = training;
    this.trained = trained;
    this.stored = dtype;
    // Under bf16 matrices are bfloat16, whatever they were loaded as.
    this.computed = training.precision().bf16() ? DType.BFLOAT16 : bf16Over;
    int rows = source.config().spec().vocabSize();
    this.tokenizer =
        Tokenizer.open(source.tokenizerFolder(), TokenizerOptions.DEFAULTS.withEmbeddingRows(rows));
  }

  /** Finds a model to train an adapter for, or all weights of. */
  static BaseModel find(
      ModelArguments model, LoraArguments lora, TrainingArguments training, ResolverOptions options)
      throws IOException {
    Path folder = Path.of(model.name());
    boolean local = Files.isDirectory(folder);
    boolean pinned = !local && !model.revision().equals("main");
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(model.cacheDir().map(options::cachedIn).orElse(options))
            .resolve(
                new CheckpointResolver.Request(
                    pinned ? model.name() + "@" + model.revision() : model.name(),
                    model.adapters(),
                    Optional.of(model.bidirectional())));
    Source source =
        new Source(
            checkpoint.config(),
            checkpoint.weightsFolder().resolve("config.json"),
            local ? folder.toAbsolutePath().normalize().toString() : model.name(),
            checkpoint.nameOrPath(),
            model.tokenizer().map(Path::of).orElse(checkpoint.tokenizerFolder()),
            checkpoint
                .sentenceTransformers()
                .map(SentenceTransformersConfig::modules)
                .orElse(List.of()),
            (train, listener) -> open(checkpoint, train, listener));
    TrainableParameters trained =
        lora.fullFinetuning()
            ? new TrainableParameters.AllParameters()
            : new LoraOptions(lora.rank(), lora.alpha(), lora.dropout(), LoraOptions.ALL_TARGETS);
    DType dtype = dtype(model.dtype(), checkpoint.config());
    return new BaseModel(source, training, trained, dtype, dtype);
  }

  /** A new causal model with random weights. */
  static BaseModel fresh(PretrainConfig config) throws IOException {
    StudentArguments.Fresh model =
        new StudentArguments.Fresh(
            config.architecture(), config.tokenizer(), config.dtype(), false, Optional.empty());
    return fresh(model, config.training());
  }

  /** A new model with random weights. */
  static BaseModel fresh(StudentArguments.Fresh model, TrainingArguments training)
      throws IOException {
    Path file =
        Files.isDirectory(model.architecture())
            ? model.architecture().resolve("config.json")
            : model.architecture();
    if (!Files.isRegularFile(file)) {
      throw new TrainingException(
          "config_name: there is no file " + file + "; name a folder with a config.json");
    }
    DecoderConfig decoder = DecoderConfig.read(file).withCausal(!model.bidirectional());
    int seed = training.run().seed();
    Source source =
        new Source(
            decoder,
            file,
            "",
            "",
            model.tokenizer(),
            List.of(),
            (options, listener) -> {
              try (TensorSource weights = initialWeights(model, RandomWeights.of(file, seed))) {
                return DecoderTrainer.open(
                    decoder.spec(),
                    CheckpointWeights.of(weights, file.toString()),
                    options,
                    listener);
              }
            });
    return new BaseModel(
        source,
        training,
        new TrainableParameters.AllParameters(),
        dtype(model.dtype(), decoder),
        DType.FLOAT32);
  }

  private static TensorSource initialWeights(StudentArguments.Fresh model, TensorSource random)
      throws IOException {
    return model.embeddings().isEmpty()
        ? random
        : InitialEmbeddings.open(random, model.embeddings().get());
  }

  private static DType dtype(ModelArguments.Dtype dtype, DecoderConfig config) {
    return dtype.format().or(config::storedType).orElse(DType.FLOAT32);
  }

  private static DecoderTrainer open(
      ResolvedCheckpoint checkpoint, TrainOptions options, LoadListener listener)
      throws IOException {
    List<LoraAdapter> adapters = checkpoint.openAdapters();
    try (TensorSource weights = checkpoint.openLanguageModel()) {
      return DecoderTrainer.open(
          checkpoint.spec(),
          CheckpointWeights.of(weights, adapters, checkpoint.weightsFolder().toString()),
          options,
          listener);
    } finally {
      Closeables.all(adapters);
    }
  }

  /** The model's configuration. */
  DecoderConfig config() {
    return source.config();
  }

  /** The tokenizer, owned by this model. */
  Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Where the tokenizer's files are. */
  Path tokenizerFolder() {
    return source.tokenizerFolder();
  }

  /** How the model wants its texts. */
  TextSettings textSettings() {
    return TextSettings.defaults(source.nameOrPath(), config().spec().modelType());
  }

  /**
   * The output layer of a language model.
   *
   * @param train whether to train one that is not tied to the embeddings
   */
  LanguageModelHead head(boolean train) {
    if (config().tiedEmbeddings()) {
      return LanguageModelHead.TIED;
    }
    return train ? LanguageModelHead.TRAINED : LanguageModelHead.FROZEN;
  }

  /** Reads the weights, merging adapters into them, and adds what is trained. */
  TrainableDecoder open(
      LanguageModelHead head, int maxTokens, double attentionDropout, Watcher watcher)
      throws IOException {
    return open(head, maxTokens, attentionDropout, 0, watcher);
  }

  /**
   * Reads the weights of an encoder, and adds what is trained. A linear layer behind the pooling
   * begins as that of the checkpoint, if that has one of the same shape and no activation.
   *
   * @param width of the linear layer's output, 0 without one
   */
  TrainableDecoder openEncoder(int width, int maxTokens, Watcher watcher) throws IOException {
    TrainableDecoder model = open(LanguageModelHead.NONE, maxTokens, 0, width, watcher);
    Optional<SentenceModule.Dense> dense = dense(width);
    try {
      if (dense.isPresent()) {
        model.readDense(dense.get().weights(), dense.get().bias());
      }
      return model;
    } catch (IOException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private Optional<SentenceModule.Dense> dense(int width) {
    return source.modules().stream()
        .filter(SentenceModule.Dense.class::isInstance)
        .map(SentenceModule.Dense.class::cast)
        .filter(
            layer ->
                layer.in() == config().spec().outputSize()
                    && layer.out() == width
                    && layer.activation().equals("Identity")
                    && !layer.residual())
        .findFirst();
  }

  private TrainableDecoder open(
      LanguageModelHead head,
      int maxTokens,
      double attentionDropout,
      int denseWidth,
      Watcher watcher)
      throws IOException {
    TrainOptions options =
        new TrainOptions(
            trained,
            head,
            computed,
            devices(training),
            maxTokens,
            attentionDropout,
            training.precision().layerDrop(),
            training.precision().gradientCheckpointing().orElse(false)
                ? TrainOptions.ALWAYS
                : TrainOptions.NEVER,
            denseWidth,
            training.run().seed());
    if (training.precision().gradientCheckpointing().isEmpty()) {
      TrainingMemory memory = TrainingMemory.of(config().spec(), options);
      options = options.withCheckpointingBeyond(memory.tokens(options.devices().list()));
      if (options.checkpointingBeyond()
          < (long) TEXTS_OF_EXAMPLE * maxTokens * training.batches().trainBatchSize()) {
        watcher.notes.accept(
            "gradient_checkpointing: layers of batches of more than %s tokens are computed again, since a token takes %s KB"
                .formatted(options.checkpointingBeyond(), Math.round(memory.perToken() / 1e3)));
      }
    }
    return new TrainableDecoder(source.weights().open(options, watcher.loading));
  }

  /**
   * Where a run computes: where it says, else on the first GPU if there is one. On the CPU dropout
   * goes by text even on one device, because a step takes a fifth longer as libtorch draws it.
   */
  static TrainDevices devices(TrainingArguments training) {
    RunArguments run = training.run();
    if (!run.devices().isEmpty()) {
      return TrainDevices.of(run.devices().stream().map(TorchDevice::of).toList(), run.threads());
    }
    boolean gpu = !run.useCpu() && TorchRuntime.gpuCount() > 0;
    return gpu
        ? TrainDevices.one(TorchDevice.of("cuda:0"))
        : TrainDevices.of(List.of(TorchDevice.CPU), run.threads());
  }

  /**
   * What a token costs: a multiplication and an addition per weight forward, as many for the
   * gradient of its input, and again for that of the weight if it is trained; forward once more
   * where layers are computed again.
   *
   * @param scored share of the tokens that logits are computed for
   */
  TrainerCallback.Cost cost(double scored) {
    DecoderSpec spec = config().spec();
    // Those that are left out cost nothing.
    double weights =
        (1 - training.precision().layerDrop()) * DecoderLayout.of(spec).linearWeights();
    double logits = scored * spec.hiddenSize() * spec.vocabSize();
    int passes = trained instanceof TrainableParameters.AllParameters ? 3 : 2;
    int again = training.precision().gradientCheckpointing().orElse(false) ? 1 : 0;
    return new TrainerCallback.Cost(
        2 * (weights * (passes + again) + logits * passes), computed, devices(training).list());
  }

  /** Whether an adapter is trained, not all weights. */
  boolean trainsAdapter() {
    return trained instanceof LoraOptions;
  }

  /**
   * How the result is saved.
   *
   * @param encoding how texts are encoded with it; empty if it is no encoder
   */
  ModelFiles files(Optional<Encoding> encoding) {
    AuxiliaryFiles auxiliary = new AuxiliaryFiles(tokenizerFolder(), encoding);
    if (trained instanceof LoraOptions lora) {
      return new AdapterFiles(
          new LoraAdapterWriter.Config(
              source.name(), lora.rank(), lora.alpha(), lora.dropout(), lora.targets()),
          auxiliary);
    }
    return new WholeModelFiles(source.configFile(), stored, auxiliary);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}

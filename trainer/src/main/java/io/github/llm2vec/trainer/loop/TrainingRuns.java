/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.encoder.ChatTemplate;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextPacker;
import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.torch.LanguageModelHead;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.MatryoshkaDims;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles.Encoding;
import io.github.llm2vec.trainer.checkpoint.SentenceTransformersFiles;
import io.github.llm2vec.trainer.config.ContrastiveArguments;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.DistillConfig;
import io.github.llm2vec.trainer.config.LoraArguments;
import io.github.llm2vec.trainer.config.MatryoshkaArguments;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.config.SupervisedConfig;
import io.github.llm2vec.trainer.config.TextDataArguments;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.dataloader.ContrastiveBatch;
import io.github.llm2vec.trainer.dataloader.ContrastiveDataLoaders;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.dataloader.LanguageModelingData;
import io.github.llm2vec.trainer.dataloader.LanguageModelingData.CausalBatch;
import io.github.llm2vec.trainer.dataloader.MaskFileDataLoader;
import io.github.llm2vec.trainer.dataloader.MntpBatch;
import io.github.llm2vec.trainer.dataloader.TokenizerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The training runs of decoders: MNTP, SimCSE, supervised contrastive training and pretraining,
 * each from its configuration to a folder that Hugging Face's libraries open. Makes data loaders,
 * model and objective, and hands them to a {@link Trainer}.
 */
public final class TrainingRuns {

  private final Environment environment;
  private final Consumer<TrainableDecoder> opened;

  /**
   * What a run uses of the machine and of its user.
   *
   * @param models where models may be looked for; datasets are looked for in the same hub cache
   * @param loading told how far the loading of the model is
   * @param callbacks told what happens
   * @param stop whether to stop after the current update
   * @param tokenizerThreads threads that tokenize
   */
  public record Environment(
      ResolverOptions models,
      LoadListener loading,
      List<TrainerCallback> callbacks,
      BooleanSupplier stop,
      int tokenizerThreads) {

    /** Copies the list. */
    public Environment {
      callbacks = List.copyOf(callbacks);
    }
  }

  /** Runs in an environment. */
  public TrainingRuns(Environment environment) {
    this(environment, model -> {});
  }

  /**
   * @param opened may change the model before a run begins
   */
  TrainingRuns(Environment environment, Consumer<TrainableDecoder> opened) {
    this.environment = environment;
    this.opened = opened;
  }

  /**
   * Masked next token prediction.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public Trainer.Output mntp(ResolvedConfig<MntpConfig> resolved) throws IOException {
    MntpConfig config = resolved.config();
    UnsupportedOptions.check(config);
    TrainingContext context = begin(resolved);
    try (BaseModel base =
        BaseModel.find(config.model(), config.lora(), config.training(), environment.models())) {
      Optional<Path> maskFile = config.masking().maskFile();
      if (maskFile.isPresent()) {
        DataLoader<MntpBatch> batches = new MaskFileDataLoader(maskFile.get());
        int longest = base.config().maxPositionEmbeddings();
        return mntp(context, config, base, longest, Optional.of(batches), Optional.empty());
      }
      CorruptLines corrupt = new CorruptLines(config.data().access().corruptLine());
      try (LanguageModelingData<MntpBatch> data =
          LanguageModelingData.masked(
              request(config.data(), config.training()),
              config.masking(),
              languageTools(context, config.data(), base, corrupt))) {
        context.noteSkipped(corrupt);
        int longest = length(config.data(), base);
        return mntp(context, config, base, longest, data.training(), data.validation());
      }
    }
  }

  private Trainer.Output mntp(
      TrainingContext context,
      MntpConfig config,
      BaseModel base,
      int longest,
      Optional<DataLoader<MntpBatch>> training,
      Optional<DataLoader<MntpBatch>> validation)
      throws IOException {
    LanguageModelHead head = base.head(config.masking().trainLmHead());
    try (TrainableDecoder model = open(context, base, head, longest, 0)) {
      // What upstream's encoder assumes where nothing is said; the file tells that this is one.
      Encoding encoding = encoding("mean", TextSettings.DEFAULT_MAX_LENGTH);
      return new Trainer<>(
              context,
              new Trainer.Task<>(
                  model,
                  LanguageObjective.masked(model),
                  training,
                  validation,
                  Optional.empty(),
                  base.files(Optional.of(encoding)),
                  base.cost(config.masking().probability())))
          .train();
    }
  }

  /**
   * Unsupervised SimCSE.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public Trainer.Output simcse(ResolvedConfig<SimcseConfig> resolved) throws IOException {
    SimcseConfig config = resolved.config();
    UnsupportedOptions.check(config);
    return contrastive(
        resolved,
        new Contrastive(
            "An encoder trained to tell texts apart without labels (SimCSE).",
            config.model(),
            config.lora(),
            config.contrast(),
            config.access(),
            source(config.file(), config.dataset().optionName()),
            config.dropout(),
            true,
            ""),
        tools -> ContrastiveDataLoaders.simcse(config, tools));
  }

  /**
   * Supervised contrastive training.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public Trainer.Output supervised(ResolvedConfig<SupervisedConfig> resolved) throws IOException {
    SupervisedConfig config = resolved.config();
    UnsupportedOptions.check(config);
    return contrastive(
        resolved,
        new Contrastive(
            "An encoder trained on queries, their documents and hard negatives.",
            config.model(),
            config.lora(),
            config.contrast(),
            config.access(),
            source(config.file(), config.dataset().optionName()),
            0,
            false,
            config
                .instructions()
                .ofPlainData()
                .map(instruction -> instruction + config.instructions().separator())
                .orElse("")),
        tools -> ContrastiveDataLoaders.supervised(config, tools));
  }

  /**
   * What SimCSE and supervised training differ in beside how their data is read.
   *
   * @param stage what the result is, for its card
   * @param data the data's name
   * @param attentionDropout of the model while it is trained
   * @param poolsPrompt whether what stands before a text is pooled with it
   * @param queryPrompt what stands before queries that bring no instruction
   */
  private record Contrastive(
      String stage,
      ModelArguments model,
      LoraArguments lora,
      ContrastiveArguments contrast,
      DataAccess access,
      String data,
      double attentionDropout,
      boolean poolsPrompt,
      String queryPrompt) {}

  private interface DataReader {
    DataLoader<ContrastiveBatch> open(ContrastiveDataLoaders.Tools tools) throws IOException;
  }

  private static String source(Optional<Path> file, String dataset) {
    return file.map(path -> path.getFileName().toString()).orElse(dataset);
  }

  private Trainer.Output contrastive(
      ResolvedConfig<? extends TrainConfig> resolved, Contrastive kind, DataReader reader)
      throws IOException {
    TrainingContext context = begin(resolved);
    ContrastiveArguments contrast = kind.contrast();
    CorruptLines corrupt = new CorruptLines(kind.access().corruptLine());
    try (BaseModel base =
            BaseModel.find(kind.model(), kind.lora(), context.arguments(), environment.models());
        DataLoader<ContrastiveBatch> data =
            reader.open(
                new ContrastiveDataLoaders.Tools(
                    base.tokenizer(),
                    base.textSettings(),
                    context.cacheDir(kind.access(), "data-cache"),
                    corrupt))) {
      context.noteSkipped(corrupt);
      try (TrainableDecoder model =
          open(
              context,
              base,
              LanguageModelHead.NONE,
              contrast.maxSeqLength(),
              kind.attentionDropout())) {
        TextPacker packer = new TextPacker(contrast.pooling(), base.tokenizer().padId().orElse(0));
        Encoding encoding = encoding(contrast.pooling().optionName(), contrast.maxSeqLength());
        ModelCard card =
            new ModelCard(
                kind.stage(),
                kind.model().name(),
                List.of(kind.data()),
                kind.lora().fullFinetuning() ? "transformers" : "peft",
                resolved.values());
        return new Trainer<>(
                context,
                new Trainer.Task<>(
                    model,
                    new ContrastiveObjective(
                        model,
                        packer,
                        contrast.lossScale(),
                        widths(contrast.matryoshka(), base),
                        contrast.miniBatch()),
                    Optional.of(data),
                    Optional.empty(),
                    retrieval(context, base, model, packer, kind),
                    new ResultFiles(
                        base.files(Optional.of(encoding)), card, export(context, base, kind)),
                    base.cost(0)))
            .train();
      }
    }
  }

  private static Optional<ModelEvaluation> retrieval(
      TrainingContext context,
      BaseModel base,
      TrainableDecoder model,
      TextPacker packer,
      Contrastive kind)
      throws IOException {
    ContrastiveArguments contrast = kind.contrast();
    if (contrast.retrieval().isEmpty()) {
      return Optional.empty();
    }
    TextPreparation preparation =
        new TextPreparation(
            base.tokenizer(),
            base.textSettings()
                .withPooling(contrast.pooling())
                .withLengths(contrast.maxSeqLength(), contrast.maxSeqLength())
                .withSkipInstruction(true));
    return Optional.of(
        new RetrievalCheck(
            contrast.retrieval().get(),
            context.cacheDir(kind.access(), "data-cache").resolve("eval-retrieval"),
            new RetrievalCheck.Reading(
                model,
                packer,
                text -> preparation.prepareMarked(kind.queryPrompt(), text),
                text -> preparation.prepareMarked("", text))));
  }

  /** What sentence-transformers can express; a note says why there is no folder for it. */
  private static Optional<ResultFiles.Export> export(
      TrainingContext context, BaseModel base, Contrastive kind) {
    ContrastiveArguments contrast = kind.contrast();
    String without = "the result has no folder for sentence-transformers, ";
    Pooling pooling = contrast.pooling();
    if (pooling == Pooling.EOS_TOKEN) {
      context.note(without + "which has no pooling eos_token");
      return Optional.empty();
    }
    ChatTemplate template = base.textSettings().template();
    if (!template.head().isEmpty() || !template.tail().isEmpty()) {
      context.note(without + "which has no chat templates");
      return Optional.empty();
    }
    if (!kind.model().adapters().isEmpty() && base.trainsAdapter()) {
      context.note(without + "which opens no chain of adapters; merge it");
      return Optional.empty();
    }
    boolean causal = !kind.model().bidirectional();
    boolean says = base.config().declaredCausal().map(declared -> !declared).orElse(false);
    if (!causal && base.trainsAdapter() && !says) {
      context.note(
          without + "which takes an adapter's attention from its base, and that is causal there");
      return Optional.empty();
    }
    int length = contrast.maxSeqLength();
    Optional<Encoding> encoding =
        causal
            ? Optional.empty()
            : Optional.of(new Encoding(pooling.optionName(), length, length, !kind.poolsPrompt()));
    return Optional.of(
        new ResultFiles.Export(
            new SentenceTransformersFiles.Modules(
                pooling,
                kind.poolsPrompt(),
                base.config().spec().outputSize(),
                0,
                false,
                length,
                kind.queryPrompt(),
                causal),
            new AuxiliaryFiles(base.tokenizerFolder(), encoding)));
  }

  private static MatryoshkaDims widths(MatryoshkaArguments matryoshka, BaseModel base)
      throws TrainingException {
    int width = base.config().spec().outputSize();
    if (matryoshka.dims().isEmpty()) {
      return MatryoshkaDims.whole(width);
    }
    MatryoshkaDims dims = new MatryoshkaDims(matryoshka.dims(), matryoshka.weights());
    if (dims.largest() > width) {
      throw new TrainingException(
          "matryoshka_dims %s are more than the model's %s".formatted(dims.dims(), width));
    }
    return dims;
  }

  /**
   * Causal language modelling of a new model.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public Trainer.Output pretrain(ResolvedConfig<PretrainConfig> resolved) throws IOException {
    PretrainConfig config = resolved.config();
    UnsupportedOptions.check(config);
    TrainingContext context = begin(resolved);
    CorruptLines corrupt = new CorruptLines(config.data().access().corruptLine());
    try (BaseModel base = BaseModel.fresh(config);
        LanguageModelingData<CausalBatch> data =
            LanguageModelingData.causal(
                request(config.data(), config.training()),
                languageTools(context, config.data(), base, corrupt));
        TrainableDecoder model =
            open(context, base, base.head(true), length(config.data(), base), 0)) {
      context.noteSkipped(corrupt);
      return new Trainer<>(
              context,
              new Trainer.Task<>(
                  model,
                  LanguageObjective.causal(model),
                  data.training(),
                  data.validation(),
                  Optional.empty(),
                  base.files(Optional.empty()),
                  base.cost(1)))
          .train();
    }
  }

  /**
   * Distillation: a student learns a teacher's vectors.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public Trainer.Output distill(ResolvedConfig<DistillConfig> resolved) throws IOException {
    UnsupportedOptions.check(resolved.config());
    return new DistillationRun(
            resolved.config(), resolved.values(), begin(resolved), environment, opened)
        .run();
  }

  private TrainingContext begin(ResolvedConfig<? extends TrainConfig> resolved) throws IOException {
    return TrainingContext.begin(resolved, environment.callbacks(), environment.stop());
  }

  private TrainableDecoder open(
      TrainingContext context,
      BaseModel base,
      LanguageModelHead head,
      int maxTokens,
      double attentionDropout)
      throws IOException {
    BaseModel.Watcher watcher = new BaseModel.Watcher(environment.loading(), context::note);
    TrainableDecoder model = base.open(head, maxTokens, attentionDropout, watcher);
    opened.accept(model);
    return model;
  }

  /** Upstream's settings of an encoder that is trained with a pooling and a length. */
  private static Encoding encoding(String pooling, int maxLength) {
    return new Encoding(pooling, maxLength, TextSettings.DEFAULT_DOC_MAX_LENGTH, true);
  }

  private static LanguageModelingData.Request request(
      TextDataArguments data, TrainingArguments training) {
    return new LanguageModelingData.Request(
        data, training.batches(), training.run().orderSeed(), training.run().doEval());
  }

  private LanguageModelingData.Tools languageTools(
      TrainingContext context, TextDataArguments data, BaseModel base, CorruptLines corrupt) {
    return new LanguageModelingData.Tools(
        base.tokenizer(),
        base.tokenizerFolder(),
        new DatasetFolders(data.access().datasetDir(), environment.models().environment().cache()),
        context.cacheDir(data.access(), "data-cache"),
        corrupt,
        environment.tokenizerThreads());
  }

  /** Tokens of the longest sequence. */
  private static int length(TextDataArguments data, BaseModel base) throws IOException {
    return TokenizerSettings.read(base.tokenizerFolder()).sequenceLength(data.maxSeqLength());
  }
}

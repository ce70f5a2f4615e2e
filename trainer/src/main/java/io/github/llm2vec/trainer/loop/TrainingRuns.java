/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.encoder.TextPacker;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.torch.LanguageModelHead;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles.Encoding;
import io.github.llm2vec.trainer.checkpoint.CompanionFiles.Encoding;
import io.github.llm2vec.trainer.collate.BatchSource;
import io.github.llm2vec.trainer.collate.CausalBatch;
import io.github.llm2vec.trainer.collate.ContrastiveBatch;
import io.github.llm2vec.trainer.collate.ContrastiveData;
import io.github.llm2vec.trainer.collate.LanguageData;
import io.github.llm2vec.trainer.collate.MaskFileBatches;
import io.github.llm2vec.trainer.collate.MntpBatch;
import io.github.llm2vec.trainer.collate.TokenizerSettings;
import io.github.llm2vec.trainer.config.ContrastiveArguments;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.config.SupervisedConfig;
import io.github.llm2vec.trainer.config.TextDataArguments;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.dataloader.CausalBatch;
import io.github.llm2vec.trainer.dataloader.ContrastiveBatch;
import io.github.llm2vec.trainer.dataloader.ContrastiveDataLoaders;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.dataloader.LanguageModelingData;
import io.github.llm2vec.trainer.dataloader.MaskFileDataLoader;
import io.github.llm2vec.trainer.dataloader.MntpBatch;
import io.github.llm2vec.trainer.dataloader.TokenizerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** Runs configurations: opens data and model, trains, and leaves a folder that others open. */
public final class TrainingRuns {

  private final TrainingEnvironment tools;
  private final Consumer<TrainableModel> opened;

  /** Runs with these tools. */
  public TrainingRuns(TrainingEnvironment tools) {
    this(tools, trainee -> {});
  }

  /**
   * @param opened may change what is trained before a run begins
   */
  TrainingRuns(TrainingEnvironment tools, Consumer<TrainableModel> opened) {
    this.tools = tools;
    this.opened = opened;
  }

  /**
   * Masked next token prediction.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public TrainOutput mntp(ResolvedConfig<MntpConfig> resolved) throws IOException {
    MntpConfig config = resolved.config();
    UnsupportedOptions.check(config);
    Run run = begin(resolved, config.training().run().outputDir());
    try (BaseModel base = BaseModel.find(config.model(), tools.models())) {
      TrainingContext setting = TrainingContext.of(run, base, config.model(), config.lora(), tools);
      Optional<Path> maskFile = config.masking().maskFile();
      if (maskFile.isPresent()) {
        DataLoader<MntpBatch> batches = new MaskFileDataLoader(maskFile.get());
        int longest = base.config().maxPositionEmbeddings();
        return mntp(setting, config, longest, Optional.of(batches), Optional.empty());
      }
      CorruptLines corrupt = new CorruptLines(config.data().access().corruptLine());
      try (LanguageModelingData<MntpBatch> data =
          LanguageModelingData.masked(
              request(config.data(), run),
              config.masking(),
              setting.languageTools(config.data(), corrupt))) {
        setting.report(corrupt);
        int longest = length(config.data(), base);
        return mntp(setting, config, longest, data.training(), data.validation());
      }
    }
  }

  private TrainOutput mntp(
      TrainingContext setting,
      MntpConfig config,
      int longest,
      Optional<DataLoader<MntpBatch>> training,
      Optional<DataLoader<MntpBatch>> validation)
      throws IOException {
    LanguageModelHead head = setting.head(config.masking().trainLmHead());
    try (TrainableModel trainee = setting.open(head, longest, 0)) {
      opened.accept(trainee);
      // What upstream's encoder assumes where nothing is said; the file tells that this is one.
      Encoding encoding = TrainingContext.encoding("mean", TextSettings.DEFAULT_MAX_LENGTH);
      return setting
          .run()
          .go(
              new Run.Stage<>(
                  trainee,
                  LanguageObjective.masked(trainee),
                  training,
                  validation,
                  setting.files(Optional.of(encoding)),
                  setting.cost(config.masking().probability())));
    }
  }

  /**
   * Unsupervised SimCSE.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public TrainOutput simcse(ResolvedConfig<SimcseConfig> resolved) throws IOException {
    SimcseConfig config = resolved.config();
    UnsupportedOptions.check(config);
    Run run = begin(resolved, config.training().run().outputDir());
    try (BaseModel base = BaseModel.find(config.model(), tools.models())) {
      TrainingContext setting = TrainingContext.of(run, base, config.model(), config.lora(), tools);
      CorruptLines corrupt = new CorruptLines(config.access().corruptLine());
      try (DataLoader<ContrastiveBatch> data =
          ContrastiveDataLoaders.simcse(
              config, setting.contrastiveTools(config.access(), corrupt))) {
        setting.report(corrupt);
        return contrast(setting, config.contrast(), config.dropout(), data);
      }
    }
  }

  /**
   * Supervised contrastive training.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public TrainOutput supervised(ResolvedConfig<SupervisedConfig> resolved) throws IOException {
    SupervisedConfig config = resolved.config();
    UnsupportedOptions.check(config);
    Run run = begin(resolved, config.outputDir());
    try (BaseModel base = BaseModel.find(config.model(), tools.models())) {
      TrainingContext setting = TrainingContext.of(run, base, config.model(), config.lora(), tools);
      CorruptLines corrupt = new CorruptLines(config.access().corruptLine());
      try (DataLoader<ContrastiveBatch> data =
          ContrastiveDataLoaders.supervised(
              config, setting.contrastiveTools(config.access(), corrupt))) {
        setting.report(corrupt);
        return contrast(setting, config.contrast(), 0, data);
      }
    }
  }

  private TrainOutput contrast(
      TrainingContext setting,
      ContrastiveArguments contrast,
      double attentionDropout,
      DataLoader<ContrastiveBatch> data)
      throws IOException {
    try (TrainableModel trainee =
        setting.open(LanguageModelHead.NONE, contrast.maxSeqLength(), attentionDropout)) {
      opened.accept(trainee);
      TextPacker packer =
          new TextPacker(contrast.pooling(), setting.base().tokenizer().padId().orElse(0));
      return setting
          .run()
          .go(
              new Run.Stage<>(
                  trainee,
                  new ContrastiveObjective(
                      trainee, packer, contrast.lossScale(), contrast.miniBatch()),
                  Optional.of(data),
                  Optional.empty(),
                  setting.files(
                      Optional.of(
                          TrainingContext.encoding(
                              contrast.pooling().optionName(), contrast.maxSeqLength()))),
                  setting.cost(0)));
    }
  }

  /**
   * Causal language modelling of a new model.
   *
   * @throws IOException if the run cannot begin or go on; the message says why
   */
  public TrainOutput pretrain(ResolvedConfig<PretrainConfig> resolved) throws IOException {
    PretrainConfig config = resolved.config();
    UnsupportedOptions.check(config);
    Run run = begin(resolved, config.training().run().outputDir());
    try (BaseModel base = BaseModel.fresh(config)) {
      TrainingContext setting = TrainingContext.of(run, base, config, tools);
      CorruptLines corrupt = new CorruptLines(config.data().access().corruptLine());
      try (LanguageModelingData<CausalBatch> data =
              LanguageModelingData.causal(
                  request(config.data(), run), setting.languageTools(config.data(), corrupt));
          TrainableModel trainee =
              setting.open(setting.head(true), length(config.data(), base), 0)) {
        setting.report(corrupt);
        opened.accept(trainee);
        return run.go(
            new Run.Stage<>(
                trainee,
                LanguageObjective.causal(trainee),
                data.training(),
                data.validation(),
                setting.files(Optional.empty()),
                setting.cost(1)));
      }
    }
  }

  private Run begin(ResolvedConfig<? extends TrainConfig> resolved, Path output)
      throws IOException {
    return Run.begin(resolved, output, tools);
  }

  private static LanguageModelingData.Request request(TextDataArguments data, Run run) {
    return new LanguageModelingData.Request(
        data,
        run.arguments().batches(),
        run.arguments().run().orderSeed(),
        run.arguments().run().doEval());
  }

  /** Tokens of the longest sequence. */
  private static int length(TextDataArguments data, BaseModel base) throws IOException {
    return TokenizerSettings.read(base.tokenizerFolder()).sequenceLength(data.maxSeqLength());
  }
}

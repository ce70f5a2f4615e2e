/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.encoder.ChatTemplates;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.CompatibilityFlag;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.ContrastiveArguments;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.config.SupervisedConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.data.SupervisedSet;
import io.github.llm2vec.trainer.data.TextRows;
import io.github.llm2vec.trainer.data.TextStyle;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens the data loaders of contrastive training. Tokenizers are used, not closed. */
public final class ContrastiveDataLoaders {

  private static final String WIKI1M = "wiki1m_for_simcse.txt";
  private static final String E5 = "echo-data";

  private ContrastiveDataLoaders() {}

  /**
   * What data is read with.
   *
   * @param tokenizer the model's tokenizer
   * @param model how the model wants its texts, as {@link TextSettings#defaults} gives it
   * @param cache the folder for indexes
   * @param corrupt what becomes of lines that cannot be understood
   */
  public record Tools(Tokenizer tokenizer, TextSettings model, Path cache, CorruptLines corrupt) {}

  /**
   * Batches of single texts, each its own positive, in a random order as Hugging Face's Trainer
   * draws it.
   */
  public static DataLoader<ContrastiveBatch> simcse(SimcseConfig config, Tools tools)
      throws IOException {
    boolean wiki = config.dataset() == SimcseConfig.Dataset.WIKI1M;
    Path file = file(config.file(), config.access().datasetDir(), WIKI1M);
    TextRows rows =
        TextRows.open(
            new TextRows.Selection(
                List.of(file),
                wiki ? TextStyle.STRIPPED : TextStyle.LINE,
                wiki,
                most(config.contrast())),
            tools.cache(),
            tools.corrupt());
    SimcseTexts texts = new SimcseTexts(tools.tokenizer(), tools.model(), config);
    RunArguments run = config.training().run();
    TrainingArguments.Batches batches = config.training().batches();
    return new IndexedDataLoader<>(
        new IndexedDataLoader.Parts<>(
            epoch -> Sampler.ofEpoch(rows.size(), run.orderSeed(), epoch),
            (row, epoch) -> texts.prepare(rows.read(row)),
            (batch, epoch, number) -> new ContrastiveBatch(batch, batch, List.of()),
            batches.trainBatchSize(),
            batches.dropLast(),
            rows));
  }

  /** Batches of one dataset each, in the order of {@link SupervisedSet#order}. */
  public static DataLoader<ContrastiveBatch> supervised(SupervisedConfig config, Tools tools)
      throws IOException {
    TrainingArguments.Batches batches = config.training().batches();
    SupervisedSet.Options options =
        new SupervisedSet.Options(
            tools.cache(),
            batches.trainBatchSize(),
            config.training().run().orderSeed(),
            config.instructions());
    Path path = file(config.file(), config.access().datasetDir(), E5);
    SupervisedSet set =
        switch (config.dataset()) {
          case E5 -> SupervisedSet.openE5(path, options, tools.corrupt());
          case JSONL -> SupervisedSet.openPlain(path, options, tools.corrupt());
        };
    ContrastiveArguments contrast = config.contrast();
    TextPreparation preparation =
        new TextPreparation(
            tools.tokenizer(),
            tools
                .model()
                .withPooling(contrast.pooling())
                .withLengths(contrast.maxSeqLength(), contrast.maxSeqLength())
                .withSkipInstruction(true));
    long most = most(contrast) / batches.trainBatchSize() * batches.trainBatchSize();
    return new IndexedDataLoader<>(
        new IndexedDataLoader.Parts<>(
            epoch -> new Sampler.First(set.order(epoch), most),
            set::example,
            (examples, epoch, batch) -> prepare(examples, preparation),
            batches.trainBatchSize(),
            true,
            set));
  }

  private static ContrastiveBatch prepare(
      List<SupervisedSet.Example> examples, TextPreparation preparation) {
    return new ContrastiveBatch(
        examples.stream().map(example -> prepare(example.query(), preparation)).toList(),
        examples.stream().map(example -> prepare(example.positive(), preparation)).toList(),
        examples.stream()
            .flatMap(example -> example.negative().stream())
            .map(negative -> prepare(negative, preparation))
            .toList());
  }

  private static TokenizedText prepare(
      SupervisedSet.PromptedText text, TextPreparation preparation) {
    return preparation.prepareMarked(text.before(), text.text());
  }

  private static long most(ContrastiveArguments contrast) {
    return contrast.maxTrainSamples().isPresent()
        ? contrast.maxTrainSamples().getAsInt()
        : Long.MAX_VALUE;
  }

  private static Path file(Optional<Path> configured, Optional<Path> datasetDir, String usual)
      throws NoSuchFileException {
    return configured
        .or(() -> datasetDir.map(folder -> folder.resolve(usual)))
        .orElseThrow(
            () ->
                new NoSuchFileException(
                    usual,
                    null,
                    "say where the data is by dataset_file_path, or the folder it is in by"
                        + " dataset_dir"));
  }

  /**
   * Tokenizes texts for SimCSE. Upstream uses neither template nor separator there, so that nothing
   * is marked as pooled and its mean goes over the whole row, padding included; which of that is
   * followed is configured. Thread-safe.
   */
  static final class SimcseTexts {

    private final TextPreparation preparation;
    private final boolean wholeRow;

    /**
     * @param model settings of the model as {@link TextSettings#defaults} gives them
     */
    SimcseTexts(Tokenizer tokenizer, TextSettings model, SimcseConfig config) {
      this.wholeRow = config.window() != SimcseConfig.Window.TEXT;
      Pooling pooling = config.contrast().pooling();
      // Without its template upstream appends no end-of-sequence token either.
      boolean lastOfAll = pooling == Pooling.EOS_TOKEN && !config.template();
      Compatibility compatibility =
          config.window() == SimcseConfig.Window.PADDED_ROW
              ? model.compatibility().with(CompatibilityFlag.EMPTY_POOLS_PADDING)
              : model.compatibility().without(CompatibilityFlag.EMPTY_POOLS_PADDING);
      this.preparation =
          new TextPreparation(
              tokenizer,
              (config.template() ? model : model.withTemplate(ChatTemplates.NONE))
                  .withPooling(lastOfAll ? Pooling.LAST_TOKEN : pooling)
                  .withLengths(config.contrast().maxSeqLength(), config.contrast().maxSeqLength())
                  .withSkipInstruction(true)
                  .withCompatibility(compatibility));
    }

    TokenizedText prepare(String text) {
      // A text that is all before the mark has nothing after it to pool.
      return wholeRow ? preparation.prepareMarked(text, "") : preparation.prepareMarked("", text);
    }
  }
}

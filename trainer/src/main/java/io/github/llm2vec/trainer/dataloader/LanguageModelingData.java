/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerThreads;
import io.github.llm2vec.trainer.config.MaskingArguments;
import io.github.llm2vec.trainer.config.TextDataArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.data.DiskRows;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;

/**
 * The data loaders of language modelling, with the files and threads behind them. All texts are
 * tokenized once and kept on disk, from where sequences are read in the order of each epoch; or,
 * when streaming, tokenized as they are needed.
 *
 * <p>Owns files and threads; uses the tokenizer, does not close it.
 *
 * @param <B> what a batch is
 */
public final class LanguageModelingData<B> implements Closeable {

  /**
   * A batch of causal language modelling: every token but the first is predicted from those before
   * it.
   *
   * @param rows the sequences, of any lengths
   */
  public record CausalBatch(List<TokenRow> rows) {

    /** Copies the list. */
    public CausalBatch {
      rows = List.copyOf(rows);
    }
  }

  private final ExecutorService executor;
  private final List<Closeable> owned = new ArrayList<>();
  private final Optional<DataLoader<B>> training;
  private final Optional<DataLoader<B>> validation;

  /**
   * What data is read with.
   *
   * @param tokenizer the model's tokenizer
   * @param tokenizerFolder where its files are
   * @param folders where named datasets are
   * @param cache the folder for tokenized texts
   * @param corrupt what becomes of lines that cannot be understood
   * @param threads threads that tokenize
   */
  public record Tools(
      Tokenizer tokenizer,
      Path tokenizerFolder,
      DatasetFolders folders,
      Path cache,
      CorruptLines corrupt,
      int threads) {}

  /**
   * What is read.
   *
   * @param data the texts
   * @param batches sizes of batches
   * @param seed seed of the order and, mixed with the number of a batch, of its masks
   * @param validates whether there is validation; texts are held out for it in any case
   */
  public record Request(
      TextDataArguments data, TrainingArguments.Batches batches, long seed, boolean validates) {}

  private LanguageModelingData(
      Request request, Tools tools, IndexedDataLoader.BatchMaker<TokenRow, B> maker)
      throws IOException {
    this.executor = TokenizerThreads.pool(tools.threads(), "llm2vec-tokenize-");
    boolean opened = false;
    try {
      DatasetSplits splits = DatasetSplits.find(request.data(), tools.folders(), tools.corrupt());
      Sequences sequences = new Sequences(request, tools, executor);
      this.validation =
          request.validates() && splits.validation().isPresent()
              ? Optional.of(stored(request, sequences, splits.validation().get(), maker, false))
              : Optional.empty();
      this.training =
          splits.training().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  request.data().streaming()
                      ? streamed(request, sequences, splits.training().get(), maker)
                      : stored(request, sequences, splits.training().get(), maker, true));
      opened = true;
    } finally {
      if (!opened) {
        close();
      }
    }
  }

  /**
   * Masked sequences.
   *
   * @throws IllegalArgumentException if the tokenizer cannot do what is asked for
   */
  public static LanguageModelingData<MntpBatch> masked(
      Request request, MaskingArguments masking, Tools tools) throws IOException {
    TokenizerSettings settings = TokenizerSettings.read(tools.tokenizerFolder());
    MaskToken mask = MaskToken.choose(masking.token(), tools.tokenizer(), settings);
    int length = settings.sequenceLength(request.data().maxSeqLength());
    MntpCollator collator =
        new MntpCollator(
            new MntpCollator.Options(
                masking.probability(),
                masking.collator(),
                tools.tokenizer().padId().orElse(mask.id()),
                settings.padLeft(),
                request.data().padToMaxLength() ? length : 0),
            mask);
    return new LanguageModelingData<>(
        request,
        tools,
        (rows, epoch, batch) ->
            collator.collate(rows, BatchSeeds.generator(request.seed(), epoch, batch)));
  }

  /** Sequences to predict every token of. */
  public static LanguageModelingData<CausalBatch> causal(Request request, Tools tools)
      throws IOException {
    return new LanguageModelingData<>(
        request, tools, (rows, epoch, batch) -> new CausalBatch(rows));
  }

  /** The batches to train on; none if only validation data is configured. */
  public Optional<DataLoader<B>> training() {
    return training;
  }

  /** The batches to validate with, the same every time. */
  public Optional<DataLoader<B>> validation() {
    return validation;
  }

  private DataLoader<B> stored(
      Request request,
      Sequences sequences,
      DatasetSplits.Part part,
      IndexedDataLoader.BatchMaker<TokenRow, B> maker,
      boolean trains)
      throws IOException {
    OptionalInt limit = trains ? request.data().maxTrainSamples() : request.data().maxEvalSamples();
    DiskRows rows = sequences.store(part, trains ? "train" : "validation");
    owned.add(rows);
    long size = Math.min(rows.size(), limit.orElse(Integer.MAX_VALUE));
    if (size == 0) {
      throw new IOException(
          ("%s has too few texts for one sequence of %s tokens; set a smaller"
                  + " max_seq_length, or line_by_line")
              .formatted(part.files().files(), sequences.length()));
    }
    TrainingArguments.Batches batches = request.batches();
    return new IndexedDataLoader<>(
        new IndexedDataLoader.Parts<>(
            epoch ->
                trains ? Sampler.ofEpoch(size, request.seed(), epoch) : Sampler.sequential(size),
            (row, epoch) -> TokenRow.ofBytes(rows.read(row)),
            // The masks of a validation set are the same every time, so that losses compare.
            trains ? maker : (batchRows, epoch, batch) -> maker.make(batchRows, 0, batch),
            trains ? batches.trainBatchSize() : batches.evalBatchSize(),
            trains && batches.dropLast(),
            rows));
  }

  private DataLoader<B> streamed(
      Request request,
      Sequences sequences,
      DatasetSplits.Part part,
      IndexedDataLoader.BatchMaker<TokenRow, B> maker) {
    return new StreamingDataLoader<>(
        new StreamingDataLoader.Parts<>(
            () -> sequences.stream(part, BlockStream.GroupSizes.endless()),
            maker,
            request.batches().trainBatchSize(),
            request.data().shuffleBuffer(),
            request.seed()));
  }

  @Override
  public void close() throws IOException {
    executor.shutdownNow();
    for (Closeable file : owned) {
      file.close();
    }
  }

  /** Makes sequences of texts. */
  private record Sequences(Request request, Tools tools, ExecutorService executor, int length) {

    Sequences(Request request, Tools tools, ExecutorService executor) throws IOException {
      this(
          request,
          tools,
          executor,
          TokenizerSettings.read(tools.tokenizerFolder())
              .sequenceLength(request.data().maxSeqLength()));
    }

    RecordStream<TokenRow> stream(DatasetSplits.Part part, BlockStream.GroupSizes groups)
        throws IOException {
      BlockStream.SequenceTokenizer tokenizer =
          new BlockStream.SequenceTokenizer(tools.tokenizer());
      BlockStream.Cutter cutter =
          request.data().lineByLine()
              ? BlockStream.lines(tokenizer, length)
              : BlockStream.blocks(tokenizer, length);
      return new BlockStream(part.open(tools.corrupt()), groups, cutter, executor);
    }

    DiskRows store(DatasetSplits.Part part, String name) throws IOException {
      TextDataArguments data = request.data();
      String madeOf =
          String.join(
              "\n",
              part.describe(),
              TokenizerSettings.fingerprint(tools.tokenizerFolder()),
              length + " " + data.lineByLine() + " " + data.workers());
      Optional<DiskRows> earlier =
          data.overwriteCache() ? Optional.empty() : DiskRows.stored(tools.cache(), name, madeOf);
      if (earlier.isPresent()) {
        return earlier.get();
      }
      BlockStream.GroupSizes groups =
          data.workers() == 1
              ? BlockStream.GroupSizes.endless()
              : new BlockStream.GroupSizes(part.count(tools.corrupt()), data.workers());
      RecordStream<TokenRow> rows = stream(part, groups);
      return DiskRows.store(
          tools.cache(), name, madeOf, rows.map(TokenRow::toBytes), Long.MAX_VALUE);
    }
  }

  /**
   * A seed of its own for every batch, so that its masks follow from its place alone and a run can
   * go on at any batch.
   */
  static final class BatchSeeds {

    private BatchSeeds() {}

    /** A generator for a batch. */
    static TorchGenerator generator(long seed, long epoch, long batch) {
      return new TorchGenerator(mix(mix(mix(seed) + epoch) + batch));
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
    private static long mix(long value) {
      long z = value + 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.EncoderOpener;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.progress.StageProgress;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.ExampleFile;
import io.github.llm2vec.trainer.mining.DenseNegativeMiner;
import io.github.llm2vec.trainer.mining.NegativeMiner;
import io.github.llm2vec.trainer.mteb.search.ScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.TorchScoreBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code llm2vec mine}: pairs of texts become triples with hard negatives. */
@Command(
    name = "mine",
    description = {
      "Gives pairs for supervised training hard negatives: positives of other pairs of the file",
      "that the query finds by its words (BM25) or, with --model, by their vectors. Files that",
      "are in the output folder are left alone, so that an interrupted run goes on."
    },
    footer = {
      "  llm2vec mine --output triples pairs.jsonl",
      "  llm2vec mine --output triples --first-rank 10 --last-rank 50 --negatives 4 folder-of-pairs",
      "  llm2vec mine --model ./my-encoder --max-score 0.95 --output triples pairs.jsonl"
    })
public final class MineCommand implements Callable<Integer> {

  private static final String WORK = ".mining";

  private final Console console;
  private final EncoderOpener opener;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Folder to write, a file of JSON lines for each file of pairs.")
  private Path output;

  @Option(
      names = "--first-rank",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = {
        "Best rank of a negative; the first hits often are answers (default: 3; with --model 1,",
        "since --max-score leaves them out)."
      })
  private Optional<Integer> firstRank = Optional.empty();

  @Option(
      names = "--last-rank",
      paramLabel = "N",
      defaultValue = "20",
      converter = ModelOptions.Positive.class,
      description = "Worst rank of a negative (default: 20).")
  private int lastRank;

  @Option(
      names = "--max-overlap",
      paramLabel = "PART",
      description = {
        "A text that shares this part of its words with a positive is taken for an answer",
        "(default: 0.35; not with --model)."
      })
  private Optional<Double> mostAlike = Optional.empty();

  @Option(
      names = "--max-score",
      paramLabel = "PART",
      description = {
        "With --model: what scores more than this part of the positive's score is taken for an",
        "answer, and counted (default: 0.95)."
      })
  private Optional<Double> mostOfPositive = Optional.empty();

  @Option(
      names = "--query-instruction",
      paramLabel = "TEXT",
      description = "With --model: task sentence put before queries (default: the model's own).")
  private Optional<String> queryInstruction = Optional.empty();

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--negatives",
      paramLabel = "N",
      defaultValue = "1",
      converter = ModelOptions.Positive.class,
      description = "Most negatives of a pair; each epoch takes one of them (default: 1).")
  private int perQuery;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "42", description = "Default: 42.")
  private long seed;

  @Parameters(
      paramLabel = "PAIRS",
      description =
          "A file of pairs (JSON lines, gzipped or not, or Parquet), or a folder of them.")
  private Path pairs;

  @Spec private CommandSpec spec;

  public MineCommand(Console console, EncoderOpener opener) {
    this.console = console;
    this.opener = opener;
  }

  @Override
  public Integer call() throws IOException {
    CorruptLines corrupt = new CorruptLines(DataAccess.CorruptLinePolicy.ERROR);
    if (model.model().isEmpty()) {
      if (mostOfPositive.isPresent() || queryInstruction.isPresent()) {
        throw new ParameterException(
            spec.commandLine(), "--max-score and --query-instruction belong to --model.");
      }
      NegativeMiner miner = new NegativeMiner(options(), corrupt);
      return each((file, mined) -> mine(miner, file, mined));
    }
    if (mostAlike.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "--max-overlap is of words; with --model, say --max-score.");
    }
    DenseNegativeMiner.Options dense = denseOptions();
    try (TextEncoder encoder = opener.open(model);
        ScoreBlocks blocks =
            TorchScoreBlocks.orJava(
                model.settings().device(),
                Runtime.getRuntime().availableProcessors(),
                console.err()::println)) {
      DenseNegativeMiner miner =
          new DenseNegativeMiner(encoder, queryInstruction.orElse(""), blocks, dense, corrupt);
      return each((file, mined) -> mine(miner, file, mined));
    }
  }

  /** Mines one file. */
  private interface FileMiner {
    void mine(Path file, Path mined) throws IOException;
  }

  private Integer each(FileMiner miner) throws IOException {
    Set<Path> outputs = new HashSet<>();
    for (Path file : ExampleFile.find(pairs)) {
      String name = file.getFileName().toString().replaceFirst("\\..*$", "");
      Path mined = output.resolve(name + ".jsonl");
      if (!outputs.add(mined)) {
        throw new ParameterException(
            spec.commandLine(),
            pairs + " has several files that would become " + mined + "; rename one");
      }
      if (Files.exists(mined) && Files.isSameFile(mined, file)) {
        throw new ParameterException(
            spec.commandLine(), "--output must be another folder than that of " + file);
      }
      if (Files.exists(mined)) {
        console.err().println(mined + " is there; to mine anew, delete it.");
      } else {
        miner.mine(file, mined);
      }
    }
    return ExitCode.OK;
  }

  private NegativeMiner.Options options() {
    try {
      return new NegativeMiner.Options(
          firstRank.orElse(3), lastRank, mostAlike.orElse(0.35), perQuery, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private DenseNegativeMiner.Options denseOptions() {
    try {
      return new DenseNegativeMiner.Options(
          firstRank.orElse(1), lastRank, mostOfPositive.orElse(0.95), perQuery, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void mine(DenseNegativeMiner miner, Path file, Path mined) throws IOException {
    DenseNegativeMiner.Report report;
    try (StageProgress progress = console.stages()) {
      Path work = output.resolve(WORK).resolve(mined.getFileName().toString());
      report = miner.mine(file, work, mined, new DenseDisplay(progress, mined));
    }
    Files.deleteIfExists(output.resolve(WORK));
    console.note(
        "Wrote %s: %,d pairs, %,d of them with a negative drawn at random; %,d false negatives"
            + " of %,d pairs left out.",
        mined, report.pairs(), report.drawn(), report.falseNegatives(), report.pairsWithFalse());
  }

  /** A bar for queries, documents and pairs, one after the other. */
  private record DenseDisplay(StageProgress progress, Path mined)
      implements DenseNegativeMiner.Listener {
    @Override
    public void encoded(String what, int done, int all) {
      progress.show("Encoding", what, done, all);
    }

    @Override
    public void mined(long done, long all) {
      progress.show("Mining " + mined.getFileName(), "pairs", done, all);
    }
  }

  private void mine(NegativeMiner miner, Path file, Path mined) throws IOException {
    NegativeMiner.Report report;
    try (StageProgress progress = console.stages()) {
      String task = "Mining " + mined.getFileName();
      report =
          miner.mine(
              file,
              output.resolve(WORK),
              mined,
              (done, all) -> progress.show(task, "pairs", done, all));
    }
    console.note(
        "Wrote %s: %,d pairs, %,d of them with a negative drawn at random.",
        mined, report.pairs(), report.drawn());
  }
}

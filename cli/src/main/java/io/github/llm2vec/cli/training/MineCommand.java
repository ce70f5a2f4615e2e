/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.ExampleFile;
import io.github.llm2vec.trainer.mining.NegativeMiner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
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
      "that the query finds by its words (BM25). Files that are in the output folder are left",
      "alone, so that an interrupted run goes on."
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec mine --output triples pairs.jsonl",
      "  llm2vec mine --output triples --first-rank 10 --last-rank 50 --negatives 4 folder-of-pairs"
    })
public final class MineCommand implements Callable<Integer> {

  private static final String WORK = ".mining";

  private final Console console;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Folder to write, a file of JSON lines for each file of pairs.")
  private Path output;

  @Option(
      names = "--first-rank",
      paramLabel = "N",
      defaultValue = "3",
      converter = ModelOptions.Positive.class,
      description = "Best rank of a negative; the first hits often are answers (default: 3).")
  private int firstRank;

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
      defaultValue = "0.35",
      description = {
        "A text that shares this part of its words with a positive is taken for an answer",
        "(default: 0.35)."
      })
  private double mostAlike;

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

  public MineCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    NegativeMiner miner =
        new NegativeMiner(options(), new CorruptLines(DataAccess.CorruptLinePolicy.ERROR));
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
        mine(miner, file, mined);
      }
    }
    return ExitCode.OK;
  }

  private NegativeMiner.Options options() {
    try {
      return new NegativeMiner.Options(firstRank, lastRank, mostAlike, perQuery, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void mine(NegativeMiner miner, Path file, Path mined) throws IOException {
    NegativeMiner.Report report;
    try (Progress progress =
        Progress.start(
            console.err(), console.watched(), "Mining " + mined.getFileName(), "pairs")) {
      long[] shown = {0};
      report =
          miner.mine(
              file,
              output.resolve(WORK),
              mined,
              (done, all) -> {
                progress.total(all);
                progress.advance(done - shown[0]);
                shown[0] = done;
              });
    }
    console
        .err()
        .printf(
            Locale.ROOT,
            "Wrote %s: %,d pairs, %,d of them with a negative drawn at random.%n",
            mined,
            report.pairs(),
            report.drawn());
  }
}

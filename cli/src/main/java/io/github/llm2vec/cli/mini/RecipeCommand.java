/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mini;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.mini.recipe.TrainingDataBuilder;
import io.github.llm2vec.mini.recipe.TrainingDataBuilder.RecipeOptions;
import io.github.llm2vec.mini.recipe.TrainingDataBuilder.SourceReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code llm2vec recipe}: makes the training data of the mini model from free sources. */
@Command(
    name = "recipe",
    description = {
      "Makes texts, sentences and triples to train a small model on, from unpacked packages of",
      "Debian and free collections. train_configs/mini/build.sh calls it."
    },
    footer = {
      "  llm2vec recipe --packages packages --collections data --keep-out data/retrieval \\",
      "      --output training-data"
    })
public final class RecipeCommand implements Callable<Integer> {

  private final Console console;

  @Option(
      names = "--packages",
      required = true,
      paramLabel = "DIR",
      description = "Unpacked packages, a folder for each, and the archive's Translation-en.")
  private Path packages;

  @Option(
      names = "--collections",
      required = true,
      paramLabel = "DIR",
      description =
          "Folder with pairs/pubmedqa, pairs/snli-devtest and text/novels; may lack them.")
  private Path collections;

  @Option(
      names = "--keep-out",
      paramLabel = "DIR",
      description = "Test collections; what shares ten words in a row with them is left out.")
  private List<Path> keptOut = new ArrayList<>();

  @Option(names = "--output", required = true, paramLabel = "DIR", description = "Folder to write.")
  private Path output;

  @Option(
      names = "--max-per-source",
      paramLabel = "N",
      defaultValue = "60000",
      converter = ModelOptions.Positive.class,
      description = "Most pairs of one source (default: 60000).")
  private int mostPerSource;

  @Option(
      names = "--max-words",
      paramLabel = "N",
      defaultValue = "90",
      converter = ModelOptions.Positive.class,
      description = "Texts are cut to so many words (default: 90).")
  private int mostWords;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "42", description = "Default: 42.")
  private long seed;

  public RecipeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    RecipeOptions options =
        new RecipeOptions(packages, collections, keptOut, output, mostPerSource, mostWords, seed);
    new TrainingDataBuilder(options).build(this::show);
    console.err().println("Wrote " + output + ".");
    return ExitCode.OK;
  }

  private void show(SourceReport report) {
    console.note(
        "%-20s %,9d pairs, %,6d left out as test texts, %,7d used",
        report.name(), report.found(), report.leaking(), report.used());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.trainer.config.DataAccess.CorruptLinePolicy;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DistillationSet;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.pruning.CheckpointPruner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code llm2vec prune}: a smaller model of the first layers and used tokens of a larger one. */
@Command(
    name = "prune",
    description = {
      "Makes a smaller model of a larger one, to be trained as a student: its first layers,",
      "and of its vocabulary what some texts use. Those texts are cut into the same tokens,",
      "and the last layer that is kept gives for them what it gave in the larger model."
    },
    footer = {
      "  llm2vec prune --model ./my-model --layers 6 --output ./student",
      "  llm2vec prune --model ./my-model --layers 4 --vocabulary-of texts.txt.gz --output ./student"
    })
public final class PruneCommand implements Callable<Integer> {

  private final Console console;
  private final ModelFinder finder;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|ID",
      description = "Model folder or hub id; adapters must be merged before.")
  private String model = "";

  @Option(
      names = "--layers",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Layers to keep, the first ones (default: all).")
  private Optional<Integer> layers = Optional.empty();

  @Option(
      names = "--vocabulary-of",
      paramLabel = "FILE",
      description = {
        "Texts whose tokens are kept: lines, JSON lines, CSV or Parquet, gzipped or not",
        "(default: all tokens are kept). Repeat it for several files."
      })
  private List<Path> vocabularyOf = List.of();

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Folder to write; it must not hold a model.")
  private Path output;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Format to store the weights in; default: that of the larger model.")
  private Optional<DType> dtype = Optional.empty();

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Spec private CommandSpec spec;

  public PruneCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  @Override
  public Integer call() throws IOException {
    dtype.ifPresent(DType::requireStored);
    if (layers.isEmpty() && vocabularyOf.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "Nothing is to be left out; say --layers, --vocabulary-of or both.");
    }
    CheckpointPruner pruner =
        new CheckpointPruner(finder.find(allowDownload, CheckpointResolver.Request.of(model)));
    Optional<Set<Integer>> used = Optional.empty();
    if (!vocabularyOf.isEmpty()) {
      CorruptLines corrupt = new CorruptLines(CorruptLinePolicy.ERROR);
      try (RecordStream<String> texts = DistillationSet.texts(vocabularyOf, corrupt)) {
        used = Optional.of(pruner.tokensOf(texts));
      }
    }
    OptionalInt kept = layers.isPresent() ? OptionalInt.of(layers.get()) : OptionalInt.empty();
    CheckpointPruner.Report report = pruner.write(output, kept, used, dtype);
    console.note(
        "Wrote %s: %,d layers, %,d tokens, %,d weights.",
        output, report.layers(), report.tokens(), report.weights());
    return ExitCode.OK;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.checkpoint.CheckpointAverager;
import io.github.llm2vec.checkpoint.CheckpointMerger;
import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.progress.StageProgress;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code llm2vec merge}: a base and its adapters become one plain model folder, or several
 * checkpoints their average.
 */
@Command(
    name = "merge",
    description = {
      "Merges the adapters of a model into its weights.",
      "The result is a plain Hugging Face folder that gives the same vectors.",
      "With --average, checkpoints of one training, or adapters, become their average."
    },
    footer = {
      "  llm2vec merge --model ./output/mntp --output models/my-encoder",
      "  llm2vec merge --model ./my-base --adapter ./mntp --adapter ./supervised \\",
      "      --output models/my-encoder --dtype bfloat16",
      "  llm2vec merge --average out/checkpoint-200 out/checkpoint-400 --output models/average"
    })
public final class MergeCommand implements Callable<Integer> {

  private static final long MILLION = 1_000_000;

  private final Console console;
  private final ModelFinder finder;

  @Option(
      names = "--model",
      paramLabel = "DIR|ID",
      description = "Model folder or hub id, or an adapter that names its base.")
  private Optional<String> model = Optional.empty();

  @Option(
      names = "--average",
      arity = "2..*",
      paramLabel = "DIR",
      description = "Folders of models or of adapters that are averaged, in place of --model.")
  private List<Path> average = List.of();

  @Option(
      names = "--weights",
      split = ",",
      paramLabel = "W",
      description = "With --average: what each folder counts, such as 1,2 (default: equal).")
  private List<Double> weights = List.of();

  @Option(
      names = "--adapter",
      paramLabel = "DIR|ID",
      description = "PEFT (LoRA) adapter; repeat it to apply several in the order given.")
  private List<String> adapters = List.of();

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Folder to write; it must not hold a model.")
  private Path output;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = {
        "Format to store the weights in: float32, bfloat16 or float16.",
        "Default: the one in which the base has them."
      })
  private Optional<DType> dtype = Optional.empty();

  @Option(
      names = "--enable-bidirectional",
      paramLabel = "true|false",
      arity = "1",
      description = "Whether attention of the merged model goes both ways.")
  private Optional<Boolean> enableBidirectional = Optional.empty();

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Spec private CommandSpec spec;

  public MergeCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  @Override
  public Integer call() throws IOException {
    dtype.ifPresent(DType::requireStored);
    if (model.isPresent() == !average.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "Say --model for one model or --average for several, not both.");
    }
    if (model.isEmpty()) {
      return average();
    }
    if (!weights.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--weights belong to --average.");
    }
    ResolvedCheckpoint checkpoint =
        finder.find(
            allowDownload,
            new CheckpointResolver.Request(model.get(), adapters, enableBidirectional));
    try (StageProgress progress = console.stages()) {
      new CheckpointMerger(checkpoint, dtype)
          .merge(
              output,
              (done, total) ->
                  progress.show("Merging", "million weights", done / MILLION, total / MILLION));
    }
    int count = checkpoint.adapterFolders().size();
    console.note("Wrote %s (%s %s).", output, count, count == 1 ? "adapter" : "adapters");
    return ExitCode.OK;
  }

  private Integer average() throws IOException {
    if (!adapters.isEmpty() || dtype.isPresent() || enableBidirectional.isPresent()) {
      throw new ParameterException(
          spec.commandLine(),
          "--average takes folders as they are; --adapter, --dtype and --enable-bidirectional"
              + " belong to --model.");
    }
    List<Double> shares = weights.isEmpty() ? Collections.nCopies(average.size(), 1.0) : weights;
    CheckpointAverager averager;
    try {
      averager = new CheckpointAverager(average, shares);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    averager.average(output);
    console.err().println("Wrote " + output + " (the average of " + average.size() + ").");
    return ExitCode.OK;
  }
}

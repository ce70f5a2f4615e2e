/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mteb;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.console.OptionFile;
import io.github.llm2vec.cli.model.EncoderOpener;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.trainer.mteb.EvaluationFiles;
import io.github.llm2vec.trainer.mteb.EvaluationOptions;
import io.github.llm2vec.trainer.mteb.EvaluationOutcome;
import io.github.llm2vec.trainer.mteb.EvaluationTask;
import io.github.llm2vec.trainer.mteb.MtebEvaluation;
import io.github.llm2vec.trainer.mteb.TaskEvaluation;
import io.github.llm2vec.trainer.mteb.TaskEvaluation.EvaluatedModel;
import io.github.llm2vec.trainer.mteb.report.EvaluationTables;
import io.github.llm2vec.trainer.mteb.report.HtmlReport;
import io.github.llm2vec.trainer.mteb.search.ScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.TorchScoreBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code llm2vec mteb}: how good a model finds, on MTEB's tasks or on collections of one's own. */
@Command(
    name = "mteb",
    description = "Evaluates a model, BM25 or both on retrieval and STS tasks.",
    footer = {
      "  llm2vec mteb --tasks SciFact,NFCorpus --data ./beir --model ./my-model",
      "  llm2vec mteb --tasks ./my-collection --model ./my-model --methods all --costs",
      "  llm2vec mteb --tasks ./my-collection --methods bm25",
      "  llm2vec mteb my-evaluation.json --output results-again",
      "",
      "CONFIG is a JSON file of the same options, {\"model\":\"./my-model\",\"tasks\":[\"SciFact\"]};",
      "the names of upstream's scripts are understood, and the command line wins over the file.",
      "The output folder gets MTEB's result files, run files for trec_eval, values of every query,",
      "report.html, and the vectors: the same command goes on where an interrupted one stopped."
    })
public final class MtebCommand implements Callable<Integer> {

  /** Keys of upstream's evaluation scripts, and Lucene's spelling of its own. */
  private static final Map<String, String> OTHER_NAMES =
      Map.ofEntries(
          Map.entry("model_name", "--model"),
          Map.entry("model_name_or_path", "--model"),
          Map.entry("base_model_name_or_path", "--model"),
          Map.entry("peft_model_name_or_path", "--adapter"),
          Map.entry("task_name", "--tasks"),
          Map.entry("task_to_instructions_fp", "--instructions"),
          Map.entry("output_dir", "--output"),
          Map.entry("torch_dtype", "--dtype"),
          Map.entry("pooling_mode", "--pooling"),
          Map.entry("hnswM", "--hnsw-m"),
          Map.entry("beamWidth", "--beam-width"),
          Map.entry("efSearch", "--ef-search"));

  private final Console console;
  private final CliEnvironment surroundings;
  private final EncoderOpener opener;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "CONFIG",
      description = "JSON file of options.")
  private Optional<Path> config = Optional.empty();

  @Mixin private MtebOptions options;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Folder of all results (default: mteb-results).")
  private Path output = Path.of("mteb-results");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the model in result files (default: its id, or its folder's name).")
  private Optional<String> name = Optional.empty();

  @Option(
      names = "--revision",
      paramLabel = "NAME",
      description = "Its revision there (default: no_revision_available, as MTEB says).")
  private String revision = "no_revision_available";

  @Option(
      names = "--query-model",
      paramLabel = "DIR|ID",
      description = {
        "Model of the queries of retrieval tasks, one whose vectors can be compared with those of",
        "--model, such as a smaller one that was distilled from it (default: --model itself)."
      })
  private Optional<String> queryModel = Optional.empty();

  @Mixin private ModelOptions model;

  public MtebCommand(Console console, CliEnvironment surroundings, EncoderOpener opener) {
    this.console = console;
    this.surroundings = surroundings;
    this.opener = opener;
  }

  @Override
  public Integer call() throws IOException {
    if (config.isPresent()) {
      new OptionFile(config.get(), OTHER_NAMES).apply(spec.commandLine());
    }
    EvaluationOptions evaluation = options.evaluation(model.model().isPresent());
    List<EvaluationTask> tasks = options.tasks(surroundings);
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        MtebDisplay display = new MtebDisplay(console, stop)) {
      return model.model().isPresent()
          ? runModel(evaluation, tasks, display)
          : run(MtebEvaluation.ofBm25(evaluation, output), tasks, display);
    }
  }

  private int runModel(
      EvaluationOptions evaluation, List<EvaluationTask> tasks, MtebDisplay display)
      throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    try (TextEncoder encoder = opener.open(model);
        // Closing the same one twice does nothing.
        TextEncoder queryEncoder =
            queryModel.isPresent() ? opener.open(model.forModel(queryModel.get())) : encoder;
        ScoreBlocks blocks =
            TorchScoreBlocks.orJava(model.settings().device(), cores, console.err()::println)) {
      EvaluatedModel evaluated =
          new EvaluatedModel(name.orElseGet(this::modelName), revision, encoder, queryEncoder);
      return run(MtebEvaluation.of(evaluated, blocks, evaluation, output), tasks, display);
    }
  }

  /** What was trained last, and the model of the queries if they have one of their own. */
  private String modelName() {
    List<String> adapters = model.adapters();
    String last =
        adapters.isEmpty() ? model.model().orElseThrow() : adapters.get(adapters.size() - 1);
    return nameOf(last) + queryModel.map(other -> "-queries-" + nameOf(other)).orElse("");
  }

  /** A hub id as it is, of a folder its own name. */
  private static String nameOf(String model) {
    Path folder = Path.of(model).toAbsolutePath().normalize();
    boolean local = Files.isDirectory(folder) && folder.getFileName() != null;
    return local ? folder.getFileName().toString() : model;
  }

  private int run(MtebEvaluation evaluation, List<EvaluationTask> tasks, MtebDisplay display)
      throws IOException {
    EvaluationOutcome outcome;
    try {
      outcome = evaluation.run(tasks, display);
    } catch (MtebDisplay.Stopped e) {
      display.close();
      console.err().println("llm2vec: stopped; the same command goes on");
      return ExitCode.SOFTWARE;
    }
    EvaluationFiles files = evaluation.files();
    HtmlReport.write(files.report(), outcome, "");
    console.out().print(EvaluationTables.summary(outcome));
    print("Against the exact search:", EvaluationTables.againstExact(outcome));
    for (TaskEvaluation task : outcome.tasks()) {
      print("What a query costs, " + task.task() + ":", EvaluationTables.costs(task));
    }
    console.err().println("Results are in " + files.results() + ", a report in " + files.report());
    return ExitCode.OK;
  }

  private void print(String heading, String table) {
    if (!table.isEmpty()) {
      console.out().println();
      console.out().println(heading);
      console.out().print(table);
    }
  }
}

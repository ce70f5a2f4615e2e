/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mteb;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.search.FusionOptions;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.trainer.mteb.EvaluationOptions;
import io.github.llm2vec.trainer.mteb.EvaluationTask;
import io.github.llm2vec.trainer.mteb.SearchMethod;
import io.github.llm2vec.trainer.mteb.search.Bm25Search;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import io.github.llm2vec.trainer.mteb.task.TaskInstructions;
import io.github.llm2vec.trainer.mteb.task.TaskRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of an evaluation: which tasks, and how they are searched. */
final class MtebOptions {

  @Option(
      names = "--tasks",
      split = ",",
      paramLabel = "TASK",
      description = {
        "Tasks: MTEB's names, retrieval (its 15), sts (its 10),",
        "or folders in BEIR's layout; commas between them."
      })
  private List<String> tasks = List.of();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder with the data of the tasks that are named (default: .).")
  private Path data = Path.of(".");

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "Which judgements count (default: test; dev for MSMARCO).")
  private Optional<String> split = Optional.empty();

  @Option(
      names = "--methods",
      split = ",",
      paramLabel = "METHOD",
      description = {
        "exact (default), hnsw, hnsw-int8, hnsw-int4, bm25 (default without a model),",
        "hybrid, or all; commas between them."
      })
  private List<String> methods = List.of();

  @Option(
      names = "--instructions",
      paramLabel = "FILE",
      description = "JSON file of instructions by task (default: upstream's for MTEB).")
  private Optional<Path> instructions = Optional.empty();

  @Option(
      names = "--instruction",
      paramLabel = "TEXT",
      description = "Instruction of all tasks in place of those in the file.")
  private Optional<String> instruction = Optional.empty();

  @Option(
      names = "--hits",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Documents per query that are measured (default: 1000, as MTEB).")
  private int hits = EvaluationOptions.DEFAULTS.hits();

  @Option(
      names = "--hnsw-m",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Links of a new node in a graph (default: 16).")
  private int hnswM = VectorFormatOptions.DEFAULTS.hnswM();

  @Option(
      names = "--beam-width",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Candidates held while a graph is built (default: 100).")
  private int beamWidth = VectorFormatOptions.DEFAULTS.beamWidth();

  @Option(
      names = "--ef-search",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Candidates held while a graph is searched (default: twice --hits).")
  private Optional<Integer> efSearch = Optional.empty();

  @Option(
      names = "--bm25-fields",
      description = "Search title and text as two fields (Anserini's multifield), not as one.")
  private boolean bm25Fields;

  @Mixin private FusionOptions fusion;

  @Option(
      names = "--costs",
      description = "Measure time and nDCG@10 of single queries on every graph, too.")
  private boolean costs;

  @Option(
      names = "--shard-vectors",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Vectors per file, which is what a killed run loses (default: 1024).")
  private int shardVectors = EvaluationOptions.DEFAULTS.shardVectors();

  @Option(names = "--strict", description = "Stop at the first thing wrong with the data.")
  private boolean strict;

  /**
   * How to evaluate.
   *
   * @param withModel whether there is a model
   */
  EvaluationOptions evaluation(boolean withModel) {
    return new EvaluationOptions(
        methods(withModel),
        hits,
        shardVectors,
        VectorFormatOptions.DEFAULTS.withGraph(hnswM, beamWidth),
        efSearch.map(OptionalInt::of).orElse(OptionalInt.empty()),
        bm25Fields ? Bm25Search.Options.MULTIFIELD : Bm25Search.Options.FLAT,
        costs,
        strict,
        EvaluationOptions.DEFAULTS.formats());
  }

  private List<SearchMethod> methods(boolean withModel) {
    if (methods.isEmpty()) {
      return List.of(withModel ? new SearchMethod.Exact() : new SearchMethod.Bm25());
    }
    List<SearchMethod> wanted =
        methods.equals(List.of("all"))
            ? SearchMethod.all()
            : methods.stream().map(String::strip).map(SearchMethod::of).toList();
    return wanted.stream().map(this::fused).toList();
  }

  private SearchMethod fused(SearchMethod method) {
    return method instanceof SearchMethod.Hybrid
        ? new SearchMethod.Hybrid(fusion.fusion())
        : method;
  }

  /**
   * The tasks with their data.
   *
   * @param surroundings where upstream's instructions lie
   */
  List<EvaluationTask> tasks(CliEnvironment surroundings) throws IOException {
    if (tasks.isEmpty()) {
      throw new CliException("no task was given, see --tasks");
    }
    TaskInstructions told = instructions(surroundings);
    List<EvaluationTask> found = new ArrayList<>();
    for (String name : names()) {
      Optional<Path> folder = folder(name);
      if (folder.isPresent()) {
        found.add(
            EvaluationTask.own(
                folder.get(), split.orElse("test"), told, EvaluationOptions.DEFAULTS.formats()));
      } else {
        EvaluationTask.known(List.of(name), data, told).forEach(task -> found.add(split(task)));
      }
    }
    return found.stream()
        .map(
            task ->
                new EvaluationTask(
                    task.definition(), task.folder(), instruction.orElse(task.instruction())))
        .toList();
  }

  private EvaluationTask split(EvaluationTask task) {
    TaskDefinition definition = split.map(task.definition()::withSplit).orElse(task.definition());
    return new EvaluationTask(definition, task.folder(), task.instruction());
  }

  /** The names with the two groups taken apart. */
  private List<String> names() {
    TaskRegistry registry = TaskRegistry.load();
    List<String> names = new ArrayList<>();
    for (String task : tasks) {
      switch (task.strip()) {
        case "retrieval" -> registry.retrieval().forEach(known -> names.add(known.name()));
        case "sts" ->
            registry.all().stream()
                .filter(known -> known.type() == TaskDefinition.Type.STS)
                .forEach(known -> names.add(known.name()));
        default -> names.add(task.strip());
      }
    }
    return names;
  }

  /** A collection of one's own: a path, or the name of a folder here or in that of the data. */
  private Optional<Path> folder(String name) {
    if (TaskRegistry.load().find(name).isPresent()) {
      return Optional.empty();
    }
    if (name.contains("/") || name.contains("\\") || Files.isDirectory(Path.of(name))) {
      return Optional.of(Path.of(name));
    }
    return Optional.of(data.resolve(name)).filter(Files::isDirectory);
  }

  private TaskInstructions instructions(CliEnvironment surroundings) throws IOException {
    Path upstream = surroundings.project().resolve("test_configs/mteb/task_to_instructions.json");
    Path file = instructions.orElse(upstream);
    return instructions.isPresent() || Files.exists(file)
        ? TaskInstructions.read(file)
        : TaskInstructions.NONE;
  }
}

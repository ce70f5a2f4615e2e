/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.trainer.mteb.EvaluationFiles;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.report.ComparisonTables;
import io.github.llm2vec.trainer.mteb.results.QueryScoresFile;
import io.github.llm2vec.trainer.mteb.results.ResultComparison;
import io.github.llm2vec.trainer.mteb.results.TaskResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/** {@code llm2vec compare}: two results side by side. */
@Command(
    name = "compare",
    description = "Shows two results of an evaluation side by side.",
    footer = {
      "  llm2vec compare out/results/a/1/SciFact.json out/results/b/1/SciFact.json",
      "  llm2vec compare out/results/a/1 out/results/b/1",
      "  llm2vec compare out/queries/SciFact/test/a.tsv out/queries/SciFact/test/bm25.tsv",
      "",
      "Result files are MTEB's, of this program or of Python; folders have one per task. Where the",
      "values of every query are there, too, the paired t-test and the randomisation test say how",
      "likely a difference is by chance."
    })
public final class CompareCommand implements Callable<Integer> {

  private static final List<RetrievalMeasure> TESTED =
      List.of(
          RetrievalMeasure.NDCG_AT_10,
          new RetrievalMeasure(RetrievalMeasure.Kind.MAP, 100),
          new RetrievalMeasure(RetrievalMeasure.Kind.RECALL, 100),
          new RetrievalMeasure(RetrievalMeasure.Kind.MRR, 10));

  private final Console console;

  @Parameters(index = "0", paramLabel = "FIRST", description = "Result file, or folder of them.")
  private Path first;

  @Parameters(index = "1", paramLabel = "SECOND", description = "What to compare it with.")
  private Path second;

  public CompareCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (Files.isDirectory(first) && Files.isDirectory(second)) {
      compareFolders();
    } else if (isTable(first) && isTable(second)) {
      console.out().print(significance(first, second));
    } else {
      compareFiles();
    }
    return ExitCode.OK;
  }

  private static boolean isTable(Path file) {
    return file.toString().endsWith(".tsv");
  }

  private void compareFiles() throws IOException {
    TaskResult one = TaskResult.read(first);
    TaskResult other = TaskResult.read(second);
    ResultComparison comparison = ResultComparison.of(one, other);
    console.out().println(comparison.task());
    console.out().print(ComparisonTables.scores(comparison));
    for (String split :
        comparison.rows().stream().map(ResultComparison.Row::split).distinct().toList()) {
      Optional<Path> queries = EvaluationFiles.queriesOf(first, split);
      Optional<Path> otherQueries = EvaluationFiles.queriesOf(second, split);
      if (queries.isPresent() && otherQueries.isPresent()) {
        console.out().println();
        console.out().print(significance(queries.get(), otherQueries.get()));
      }
    }
  }

  private static String significance(Path first, Path second) throws IOException {
    RetrievalScores one = QueryScoresFile.read(first);
    RetrievalScores other = QueryScoresFile.read(second);
    List<RetrievalMeasure> both =
        TESTED.stream()
            .filter(measure -> one.measures().contains(measure))
            .filter(measure -> other.measures().contains(measure))
            .toList();
    if (both.isEmpty() || one.queries().stream().noneMatch(other.queries()::contains)) {
      throw new CliException(first + " and " + second + " have no query and measure in common");
    }
    return ComparisonTables.significance(one, other, both);
  }

  private void compareFolders() throws IOException {
    SortedMap<String, Path> one = results(first);
    SortedMap<String, Path> other = results(second);
    List<ResultComparison> comparisons = new ArrayList<>();
    for (Map.Entry<String, Path> result : one.entrySet()) {
      Path counterpart = other.remove(result.getKey());
      if (counterpart == null) {
        console.err().println(result.getKey() + " is only in " + first);
      } else {
        comparisons.add(
            ResultComparison.of(TaskResult.read(result.getValue()), TaskResult.read(counterpart)));
      }
    }
    other.keySet().forEach(task -> console.err().println(task + " is only in " + second));
    if (comparisons.isEmpty()) {
      throw new CliException(first + " and " + second + " have no task in common");
    }
    console.out().print(ComparisonTables.mainScores(comparisons));
  }

  private static SortedMap<String, Path> results(Path folder) throws IOException {
    SortedMap<String, Path> results = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      files
          .filter(file -> file.toString().endsWith(".json"))
          .filter(file -> !file.endsWith("model_meta.json"))
          .forEach(file -> results.put(file.getFileName().toString(), file));
    }
    return results;
  }
}

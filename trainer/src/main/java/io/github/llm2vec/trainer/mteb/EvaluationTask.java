/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.task.DatasetException;
import io.github.llm2vec.trainer.mteb.task.RecordFormats;
import io.github.llm2vec.trainer.mteb.task.RetrievalFolder;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import io.github.llm2vec.trainer.mteb.task.TaskInstructions;
import io.github.llm2vec.trainer.mteb.task.TaskRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A task to evaluate with its data.
 *
 * @param definition what is measured
 * @param folder where the data is
 * @param instruction put before every query; before both sides of a pair
 */
public record EvaluationTask(TaskDefinition definition, Path folder, String instruction) {

  /** Rejects null. */
  public EvaluationTask {
    Objects.requireNonNull(definition, "definition");
    Objects.requireNonNull(folder, "folder");
    Objects.requireNonNull(instruction, "instruction");
  }

  /** Name and split, for messages. */
  @Override
  public String toString() {
    return definition.name() + " (" + definition.split() + ")";
  }

  /**
   * Known tasks, with data in a folder of data sets.
   *
   * @param names MTEB's names in any case; a mean such as CQADupstackRetrieval stands for its
   *     members
   * @param datasets folder that has a folder per task, by MTEB's or BEIR's name
   * @param instructions what models are told
   * @throws IllegalArgumentException if a name is not known
   * @throws DatasetException if the data of a task is not there
   */
  public static List<EvaluationTask> known(
      List<String> names, Path datasets, TaskInstructions instructions) throws IOException {
    TaskRegistry registry = TaskRegistry.load();
    List<EvaluationTask> tasks = new ArrayList<>();
    for (String name : names) {
      for (TaskDefinition task : registry.withData(name)) {
        tasks.add(
            new EvaluationTask(task, TaskRegistry.locate(datasets, task), instructions.of(task)));
      }
    }
    return tasks;
  }

  /**
   * A task of the user's own, called like its folder: a retrieval task if it has a corpus, else
   * pairs with scores.
   *
   * @param folder in the layout of {@link RetrievalFolder} or {@code ScoredPairs}
   * @param split which judgements or pairs count
   * @param instructions what models are told, by the name of the folder
   * @param formats the files that can be read
   */
  public static EvaluationTask own(
      Path folder, String split, TaskInstructions instructions, RecordFormats formats)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new DatasetException(folder + " is not a folder; a task is a folder with its data");
    }
    Path name = folder.toAbsolutePath().normalize().getFileName();
    TaskDefinition.Type type =
        hasCorpus(folder, formats) ? TaskDefinition.Type.RETRIEVAL : TaskDefinition.Type.STS;
    TaskDefinition task =
        TaskDefinition.own(
            Optional.ofNullable(name).map(Path::toString).orElse("task"), type, split);
    return new EvaluationTask(task, folder, instructions.of(task));
  }

  private static boolean hasCorpus(Path folder, RecordFormats formats) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(
          file ->
              Files.isDirectory(file)
                  ? file.getFileName().toString().equals("corpus")
                  : file.getFileName().toString().startsWith("corpus.") && formats.accept(file));
    }
  }
}

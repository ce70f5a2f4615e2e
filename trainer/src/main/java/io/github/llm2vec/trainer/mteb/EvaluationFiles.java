/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.results.ModelMeta;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where an evaluation puts its files, below one folder of the user's:
 *
 * <ul>
 *   <li>{@code results/MODEL/REVISION/TASK.json}: MTEB's result files, with {@code model_meta.json}
 *   <li>{@code runs/TASK/SPLIT/SYSTEM.run.gz}: TREC run files
 *   <li>{@code queries/TASK/SPLIT/SYSTEM.tsv}: the values of every query
 *   <li>{@code findings/TASK.SPLIT.txt}: what is wrong with the data, a line each
 *   <li>{@code work}: vectors and indexes, which a later run uses again; may be deleted
 * </ul>
 *
 * @param root the folder
 */
public record EvaluationFiles(Path root) {

  private static final int FINGERPRINT_LETTERS = 16;

  /** The folder of all result files, which MTEB's tools are pointed at. */
  public Path results() {
    return root.resolve("results");
  }

  /** The result file of a system. */
  public Path result(ModelMeta system, String task) {
    return system.folder(results()).resolve(fileName(task) + ".json");
  }

  /** The run file of a system. */
  public Path run(TaskDefinition task, String system) {
    return root.resolve("runs").resolve(place(task)).resolve(fileName(system) + ".run.gz");
  }

  /** The values of every query of a system. */
  public Path queries(TaskDefinition task, String system) {
    return root.resolve("queries").resolve(place(task)).resolve(tsv(system));
  }

  /**
   * The values of every query behind a result file.
   *
   * @param result a file as {@link #result} names it
   * @param split whose queries
   * @return empty if the file does not lie where an evaluation wrote it, or has no queries (pairs)
   */
  public static Optional<Path> queriesOf(Path result, String split) throws IOException {
    Path revision = result.toAbsolutePath().normalize().getParent();
    if (revision == null || revision.getNameCount() <= 3) {
      return Optional.empty();
    }
    Optional<String> system = ModelMeta.nameIn(revision);
    if (system.isEmpty()) {
      return Optional.empty();
    }
    EvaluationFiles files =
        new EvaluationFiles(revision.resolve("..").resolve("..").resolve("..").normalize());
    String task = result.getFileName().toString().replaceAll("\\.json$", "");
    Path queries =
        files.root.resolve("queries").resolve(place(task, split)).resolve(tsv(system.get()));
    return Optional.of(queries).filter(Files::isRegularFile);
  }

  /** What is wrong with the data of a task. */
  public Path findings(TaskDefinition task) {
    return root.resolve("findings").resolve(fileName(task.name()) + "." + task.split() + ".txt");
  }

  /** The report in HTML. */
  public Path report() {
    return root.resolve("report.html");
  }

  Path work() {
    return root.resolve("work");
  }

  /** What does not depend on an encoder. */
  Path work(TaskDefinition task) {
    return work().resolve(place(task));
  }

  /** What belongs to an encoder. */
  Path work(TaskDefinition task, String fingerprint) {
    int length = Math.min(FINGERPRINT_LETTERS, fingerprint.length());
    return work(task).resolve("encoder-" + fingerprint.substring(0, length));
  }

  private static Path place(TaskDefinition task) {
    return place(task.name(), task.split());
  }

  private static Path place(String task, String split) {
    return Path.of(fileName(task), fileName(split));
  }

  private static String tsv(String system) {
    return fileName(system) + ".tsv";
  }

  private static String fileName(String name) {
    return name.replaceAll("[^A-Za-z0-9._-]", "_");
  }
}

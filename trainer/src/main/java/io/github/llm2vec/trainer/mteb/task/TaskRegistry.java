/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The tasks known by name: the 15 retrieval tasks of MTEB's English benchmark, with the 12 forums
 * of CQADupStack one by one and as their mean, and its STS tasks. Data sets, revisions and which
 * tasks ignore identical ids are those of MTEB 1.14.
 */
public final class TaskRegistry {

  private static final String RESOURCE = "tasks.json";

  private final Map<String, TaskDefinition> tasks;

  private TaskRegistry(Map<String, TaskDefinition> tasks) {
    this.tasks = tasks;
  }

  /** Reads the list that comes with this library. */
  public static TaskRegistry load() {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    Map<String, TaskDefinition> tasks = new LinkedHashMap<>();
    try (InputStream in = TaskRegistry.class.getResourceAsStream(RESOURCE)) {
      for (TaskDefinition task : mapper.readValue(in, TaskDefinition[].class)) {
        tasks.put(task.name(), task);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the list of tasks cannot be read; this is a bug", e);
    }
    return new TaskRegistry(tasks);
  }

  /** All tasks. */
  public List<TaskDefinition> all() {
    return List.copyOf(tasks.values());
  }

  /** The 15 retrieval tasks, CQADupStack as one. */
  public List<TaskDefinition> retrieval() {
    List<String> members = find("CQADupstackRetrieval").orElseThrow().members();
    return tasks.values().stream()
        .filter(
            task -> task.type() == TaskDefinition.Type.RETRIEVAL && !members.contains(task.name()))
        .toList();
  }

  /** A task by its name in any case. */
  public Optional<TaskDefinition> find(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    return tasks.values().stream()
        .filter(task -> task.name().toLowerCase(Locale.ROOT).equals(wanted))
        .findFirst();
  }

  /**
   * The tasks that have data: a task itself or, for a mean, its members.
   *
   * @throws IllegalArgumentException if the name is not known
   */
  public List<TaskDefinition> withData(String name) {
    TaskDefinition task =
        find(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        ("task '%s' is not known; give the folder of a task of your own,"
                                + " or one of %s")
                            .formatted(name, String.join(", ", tasks.keySet()))));
    return task.isAggregate() ? task.members().stream().map(tasks::get).toList() : List.of(task);
  }

  /**
   * Where a task's data is in a folder of data sets: in a folder of the task's name or of one of
   * its usual names, in any case.
   *
   * @param datasets the folder of data sets, or the task's folder itself
   * @throws DatasetException if there is none
   */
  public static Path locate(Path datasets, TaskDefinition task) throws IOException {
    for (String name : Stream.concat(Stream.of(task.name()), task.folders().stream()).toList()) {
      Optional<Path> found = child(datasets, name);
      if (found.isPresent()) {
        return found.get();
      }
    }
    Path self = datasets.toAbsolutePath().normalize().getFileName();
    if (self != null && Files.isDirectory(datasets) && task.hasFolder(self.toString())) {
      return datasets;
    }
    throw new DatasetException(
        "%s has no folder for the task %s; looked for %s"
                .formatted(datasets, task.name(), task.name())
            + (task.folders().isEmpty() ? "" : ", " + String.join(", ", task.folders()))
            + ". It is published as the data set "
            + task.dataset());
  }

  private static Optional<Path> child(Path folder, String name) throws IOException {
    Path exact = folder.resolve(name);
    if (Files.isDirectory(exact) || !Files.isDirectory(folder)) {
      return Files.isDirectory(exact) ? Optional.of(exact) : Optional.empty();
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(Files::isDirectory)
          .filter(path -> path.getFileName().toString().equalsIgnoreCase(name))
          .sorted()
          .findFirst();
    }
  }
}

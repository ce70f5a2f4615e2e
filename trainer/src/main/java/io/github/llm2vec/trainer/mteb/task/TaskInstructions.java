/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The instructions of tasks, which models are given with queries. The file has the layout of
 * upstream's {@code test_configs/mteb/task_to_instructions.json}: a JSON object from task names to
 * instructions.
 */
public final class TaskInstructions {

  /** No instructions but MTEB's defaults. */
  public static final TaskInstructions NONE = new TaskInstructions(Map.of());

  private final Map<String, String> instructions;

  private TaskInstructions(Map<String, String> instructions) {
    this.instructions = Map.copyOf(instructions);
  }

  /**
   * Reads a file of instructions.
   *
   * @throws DatasetException if it is not a JSON object of strings
   */
  public static TaskInstructions read(Path file) throws IOException {
    JsonNode root;
    try {
      root =
          JsonMapper.builder()
              .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .build()
              .readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new DatasetException(file + " is not valid JSON: " + e.getOriginalMessage());
    }
    Map<String, String> instructions = new LinkedHashMap<>();
    if (root == null || !root.isObject()) {
      throw new DatasetException(file + " must be a JSON object from task names to instructions");
    }
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      if (!entry.getValue().isTextual()) {
        throw new DatasetException(
            "%s: the instruction of %s must be a string, found %s"
                .formatted(file, entry.getKey(), entry.getValue()));
      }
      instructions.put(entry.getKey(), entry.getValue().asText());
    }
    return new TaskInstructions(instructions);
  }

  /**
   * The instruction of a task, as it is in the file; MTEB's default for the kind of task if it has
   * none.
   */
  public String of(TaskDefinition task) {
    return instructions.getOrDefault(task.name(), task.type().defaultInstruction());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A task with its data.
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
}

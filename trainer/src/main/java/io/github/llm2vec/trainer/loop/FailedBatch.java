/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The report of a batch whose loss or gradient is NaN or infinite: {@code failed-batch.json}. */
final class FailedBatch {

  static final String FILE = "failed-batch.json";

  private FailedBatch() {}

  /**
   * Writes the batches down.
   *
   * @param folder gets the file
   * @param what is no number, with its value
   * @param position where the run was before the update
   * @return to be thrown
   */
  static <B> TrainingException of(
      Path folder,
      String what,
      TrainerState.Position position,
      Objective<B> objective,
      List<B> batches)
      throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = json.createObjectNode();
    root.put("problem", what);
    root.put("step", position.step() + 1);
    root.put("epoch", position.epoch());
    ArrayNode all = root.putArray("batches");
    batches.forEach(batch -> all.add(objective.describe(batch)));
    Path file = folder.resolve(FILE);
    Files.createDirectories(folder);
    Files.writeString(file, json.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    return new TrainingException(
        ("%s in update %s: training stops before the weights are spoilt. The batches are"
                + " in %s. Lower learning_rate, add warmup_steps, or train in float32; the last"
                + " checkpoint is as it was")
            .formatted(what, position.step() + 1, file));
  }
}

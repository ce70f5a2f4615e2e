/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadFiles;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folders {@code checkpoint-N} of a run: the head as {@link WordHeadFiles} keeps it, {@code
 * optimizer.safetensors} with the moments of AdamW, and {@code trainer_state.json} with the number
 * of updates and everything that was logged, as transformers names them. A folder has its name only
 * when it is complete.
 */
final class HeadCheckpoint {

  private static final String PREFIX = "checkpoint-";
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String STATE = "trainer_state.json";
  private static final List<String> MOMENTS =
      List.of("weight.exp_avg", "weight.exp_avg_sq", "bias.exp_avg", "bias.exp_avg_sq");

  private final Path output;

  HeadCheckpoint(Path output) {
    this.output = output;
  }

  /**
   * What a checkpoint holds beside the head.
   *
   * @param update updates made
   * @param lossSum sum of the losses that were not logged yet
   * @param history what was logged
   */
  record State(long update, double lossSum, ArrayNode history) {}

  /** Writes a checkpoint; without moments it cannot be resumed. */
  Path save(State state, WordHead head, Optional<List<HeadOptimizer.Moments>> moments)
      throws IOException {
    Path folder = folder(state.update());
    Path partial = output.resolve("." + PREFIX + state.update() + ".partial");
    delete(partial);
    Files.createDirectories(partial);
    WordHeadFiles.write(partial, head);
    if (moments.isPresent()) {
      write(partial.resolve(OPTIMIZER), moments.get());
    }
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("global_step", state.update());
    root.put("unlogged_loss", state.lossSum());
    root.set("log_history", state.history());
    Files.writeString(
        partial.resolve(STATE),
        mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
    delete(folder);
    Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
    return folder;
  }

  private static void write(Path file, List<HeadOptimizer.Moments> moments) throws IOException {
    List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < MOMENTS.size(); i++) {
      float[] values = values(moments, i);
      tensors.add(
          SafetensorsWriter.Tensor.of(
              MOMENTS.get(i), List.of((long) values.length), FloatBuffer.wrap(values)));
    }
    new SafetensorsWriter(DType.FLOAT32).write(file, tensors);
  }

  private static float[] values(List<HeadOptimizer.Moments> moments, int i) {
    HeadOptimizer.Moments own = moments.get(i / 2);
    return i % 2 == 0 ? own.mean() : own.square();
  }

  /**
   * Reads what a checkpoint holds beside the head.
   *
   * @param moments filled with those of the checkpoint
   */
  static State load(Path folder, List<HeadOptimizer.Moments> moments) throws IOException {
    JsonNode root = new ObjectMapper().readTree(folder.resolve(STATE).toFile());
    if (!Files.isRegularFile(folder.resolve(OPTIMIZER))) {
      throw new IOException(
          folder
              + " has no "
              + OPTIMIZER
              + " and cannot be resumed (save_only_model); start anew with overwrite_output_dir");
    }
    try (TensorSource tensors = Safetensors.openFile(folder.resolve(OPTIMIZER))) {
      for (int i = 0; i < MOMENTS.size(); i++) {
        float[] target = values(moments, i);
        long[] shape = tensors.shape(MOMENTS.get(i)).orElse(new long[] {0});
        if (shape[0] != target.length) {
          throw new IOException(
              folder + " is of a head of another size; start anew with overwrite_output_dir");
        }
        tensors.read(MOMENTS.get(i), 0, FloatBuffer.wrap(target));
      }
    }
    return new State(
        root.path("global_step").asLong(),
        root.path("unlogged_loss").asDouble(),
        (ArrayNode) root.withArray("log_history"));
  }

  /** The folder of the checkpoint after a number of updates, whether it is there or not. */
  Path folder(long update) {
    return output.resolve(PREFIX + update);
  }

  /** All complete checkpoints, the oldest first. */
  List<Path> all() throws IOException {
    if (!Files.isDirectory(output)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(output)) {
      return folders
          .filter(folder -> folder.getFileName().toString().matches(PREFIX + "[0-9]+"))
          .sorted(Comparator.comparingLong(HeadCheckpoint::update))
          .toList();
    }
  }

  /** The checkpoint after the most updates. */
  Optional<Path> last() throws IOException {
    List<Path> all = all();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
  }

  /** Deletes the oldest checkpoints but one that is to be kept. */
  void keep(int most, Optional<Path> kept) throws IOException {
    List<Path> others = all().stream().filter(folder -> !kept.equals(Optional.of(folder))).toList();
    int room = Math.max(1, most - (kept.isPresent() ? 1 : 0));
    for (Path folder : others.subList(0, Math.max(0, others.size() - room))) {
      delete(folder);
    }
  }

  private static long update(Path folder) {
    return Long.parseLong(folder.getFileName().toString().substring(PREFIX.length()));
  }

  static void delete(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

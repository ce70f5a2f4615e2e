/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.checkpoint.CheckpointStore;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.RunArguments.Checkpoint;
import io.github.llm2vec.trainer.config.RunArguments.Unsaid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * {@code output_dir}: the folder that a run writes to, and the checkpoint that it resumes from.
 *
 * @param path the folder
 * @param store its checkpoints
 * @param resumed where to go on; empty to begin
 */
record OutputDir(Path path, CheckpointStore store, Optional<Path> resumed) {

  static final String CONFIG = "training_config.json";
  static final String METRICS = "metrics.jsonl";
  private static final Set<String> BEFORE_TRAINING = Set.of(CONFIG, "data-cache", "states");

  /**
   * Looks into a folder before anything else is opened, as transformers' examples do.
   *
   * @throws IOException if there is nothing to go on from, or something that is not to be
   *     overwritten
   */
  static OutputDir find(Path path, RunArguments run) throws IOException {
    CheckpointStore store = new CheckpointStore(path);
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new TrainingException("output_dir " + path + " is a file; name a folder");
    }
    store.tidy();
    Optional<Path> resumed = resumed(path, run, store.newest());
    if (resumed.isPresent() && !Files.isDirectory(resumed.get())) {
      throw new TrainingException("resume_from_checkpoint: there is no folder " + resumed.get());
    }
    if (resumed.isEmpty() && !run.overwriteOutputDir() && !isEmpty(path)) {
      throw new TrainingException(
          ("output_dir %s is not empty and has no checkpoint to go on from; choose"
                  + " another folder, or say overwrite_output_dir")
              .formatted(path));
    }
    return new OutputDir(path, store, resumed);
  }

  private static Optional<Path> resumed(Path path, RunArguments run, Optional<Path> last)
      throws TrainingException {
    if (run.resumeFromCheckpoint() instanceof Checkpoint given) {
      return Optional.of(given.folder());
    }
    if (run.resumeFromCheckpoint() instanceof Unsaid) {
      return run.overwriteOutputDir() ? Optional.empty() : last;
    }
    if (last.isEmpty()) {
      throw new TrainingException(
          "there is no checkpoint in %s to resume from; leave resume_from_checkpoint out to begin"
              .formatted(path));
    }
    return last;
  }

  /** Whether there is nothing but what a run leaves that ends before its first update. */
  private static boolean isEmpty(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return true;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).allMatch(BEFORE_TRAINING::contains);
    }
  }

  /** Creates the folder; a run that begins has no checkpoints of another one beside its own. */
  void prepare() throws IOException {
    Files.createDirectories(path);
    if (resumed.isEmpty()) {
      store.clear();
      Files.deleteIfExists(path.resolve(FailedBatch.FILE));
    }
  }
}

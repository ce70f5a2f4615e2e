/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The context of one training run: its configuration, its output folder with the checkpoint that it
 * resumes from, its callbacks, and whether it is to stop. A {@link Trainer} takes all of that from
 * here.
 */
public record TrainingContext(
    ResolvedConfig<? extends TrainConfig> config,
    OutputDir output,
    List<TrainerCallback> callbacks,
    BooleanSupplier stop) {

  /**
   * Prepares the output folder, before any model or data is opened.
   *
   * @param callbacks told what happens, in this order
   * @param stop whether to stop after the current update, with a checkpoint
   * @throws IOException if the folder may not be overwritten, or the checkpoint in it is of another
   *     configuration
   */
  public static TrainingContext begin(
      ResolvedConfig<? extends TrainConfig> config,
      List<? extends TrainerCallback> callbacks,
      BooleanSupplier stop)
      throws IOException {
    OutputDir output =
        OutputDir.find(config.config().outputDir(), config.config().training().run());
    List<String> notes = new ArrayList<>(config.notes());
    if (output.resumed().isPresent()) {
      notes.addAll(ResumeCheck.check(output.resumed().get(), config.values()));
      notes.add("going on from " + output.resumed().get());
    }
    output.prepare();
    TrainingContext context = new TrainingContext(config, output, List.copyOf(callbacks), stop);
    context.writeConfig(output.path());
    notes.forEach(context::note);
    return context;
  }

  /** Writes the configuration with all its defaults into a folder. */
  void writeConfig(Path folder) throws IOException {
    Files.writeString(folder.resolve(OutputDir.CONFIG), config.toJson());
  }

  /** The arguments that all kinds of training share. */
  public TrainingArguments arguments() {
    return config.config().training();
  }

  /** The output folder. */
  public Path folder() {
    return output.path();
  }

  boolean stopRequested() {
    return stop.getAsBoolean();
  }

  /** The folder for tokenized texts and other caches: as configured, or in the output folder. */
  public Path cacheDir(DataAccess access, String name) {
    return access.cacheDir().orElse(folder().resolve(name));
  }

  /** Tells the callbacks how many lines of data were left out. */
  public void noteSkipped(CorruptLines corrupt) {
    if (corrupt.skipped() > 0) {
      note(
          "%s lines of data could not be understood and are left out, such as %s"
              .formatted(corrupt.skipped(), String.join("; ", corrupt.examples())));
    }
  }

  /** Tells the callbacks something that whoever watches the run should know. */
  void note(String text) {
    callbacks.forEach(callback -> callback.note(text));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.checkpoint.CheckpointStore;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.SentenceTransformersFiles;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * A model's files and, beside its result, its card and the folder {@value #FOLDER}, which that
 * library opens. Weights stand in both folders and take the place of one, where the file system has
 * hard links.
 *
 * @param model the files of the model
 * @param card its card
 * @param export what the folder for sentence-transformers says; empty for none
 */
record ResultFiles(ModelFiles model, ModelCard card, Optional<Export> export)
    implements ModelFiles {

  static final String FOLDER = "sentence-transformers";

  private static final List<String> SHARED =
      List.of(
          "model.safetensors", "config.json", "adapter_model.safetensors", "adapter_config.json");

  /**
   * The folder for sentence-transformers.
   *
   * @param modules what follows the decoder
   * @param auxiliary the tokenizer, and how the folder is opened here
   */
  record Export(SentenceTransformersFiles.Modules modules, CheckpointStore.Writer auxiliary) {}

  @Override
  public void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException {
    model.write(folder, tensors, purpose);
    if (purpose == Purpose.CHECKPOINT) {
      return;
    }
    if (export.isPresent()) {
      Path target = Files.createDirectories(folder.resolve(FOLDER));
      new SentenceTransformersFiles(
              new Shared(folder, export.get().auxiliary()), export.get().modules())
          .write(target, tensors, purpose);
    }
    card.write(folder);
  }

  @Override
  public void read(Path folder, TrainedTensors tensors) throws IOException {
    model.read(folder, tensors);
  }

  /** The weights of a folder that was written before. */
  private record Shared(Path from, CheckpointStore.Writer auxiliary) implements ModelFiles {

    @Override
    public void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException {
      auxiliary.write(folder);
      for (String name : SHARED) {
        Path file = from.resolve(name);
        Path target = folder.resolve(name);
        Files.deleteIfExists(target);
        if (Files.exists(file)) {
          share(file, target);
        }
      }
    }

    private static void share(Path file, Path target) throws IOException {
      try {
        Files.createLink(target, file);
      } catch (UnsupportedOperationException | IOException e) {
        Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }

    @Override
    public void read(Path folder, TrainedTensors tensors) {
      throw new UnsupportedOperationException("nothing goes on from a result; this is a bug");
    }
  }
}

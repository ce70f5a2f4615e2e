/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Opens weights stored as safetensors, the only format that is read: it cannot hold code.
 *
 * <p>Everything is checked on opening (header length, JSON, names, dtypes, shapes, offsets, gaps,
 * overlaps, the file's size, the shards of an index), before anything of that size is allocated.
 * The sources are thread-safe.
 */
public final class Safetensors {

  public static final String SINGLE = "model.safetensors";
  public static final String INDEX = "model.safetensors.index.json";

  private Safetensors() {}

  /**
   * Opens one file.
   *
   * @throws ModelFormatException if the file is damaged
   * @throws ModelUnavailableException if it does not exist
   */
  public static TensorSource openFile(Path file) throws IOException {
    return SafetensorsFile.open(file, new WeightReader());
  }

  /**
   * Opens the weights of a model folder: {@code model.safetensors}, else the shards of {@code
   * model.safetensors.index.json}.
   *
   * @throws ModelFormatException if a file is damaged or a tensor is not where the index says
   * @throws ModelUnavailableException if there are no such weights, or a shard is missing
   */
  public static TensorSource openFolder(Path folder) throws IOException {
    return openFolder(ModelFolder.unfenced(folder));
  }

  public static TensorSource openFolder(ModelFolder folder) throws IOException {
    Optional<Path> single = folder.file(SINGLE);
    if (single.isPresent()) {
      return openFile(single.get());
    }
    Optional<Path> index = folder.file(INDEX);
    if (index.isPresent()) {
      return ShardedWeights.open(folder, index.get());
    }
    throw missing(folder);
  }

  /** Whether the folder has weights that {@link #openFolder} would try to open. */
  public static boolean hasWeights(ModelFolder folder) throws IOException {
    return folder.gguf().isPresent()
        || folder.file(SINGLE).isPresent()
        || folder.file(INDEX).isPresent();
  }

  /** Fails as {@link #openFolder} would if there are no weights, without opening any. */
  public static void requireWeights(ModelFolder folder) throws IOException {
    if (!hasWeights(folder)) {
      throw missing(folder);
    }
  }

  private static ModelUnavailableException missing(ModelFolder folder) throws IOException {
    boolean pickled =
        folder.file("pytorch_model.bin").isPresent()
            || folder.file("pytorch_model.bin.index.json").isPresent();
    return new ModelUnavailableException(
        folder.path().toString(),
        pickled
            ? "has its weights as pytorch_model.bin only, which may hold code and is never read"
            : "has neither " + SINGLE + " nor " + INDEX,
        pickled
            ? "Save the model as safetensors with transformers (save_pretrained)"
            : "Fetch the complete model");
  }
}

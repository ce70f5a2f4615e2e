/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A folder with files of a model, and the fence that none of them may leave, not even through a
 * symbolic link. A hub snapshot consists of links into its repository's {@code blobs}, so its fence
 * is wider than the folder.
 */
public final class ModelFolder {

  private final Path path;
  private final Optional<Path> fence;
  private final Optional<Path> gguf;

  private ModelFolder(Path path, Optional<Path> fence, Optional<Path> gguf) {
    this.path = path;
    this.fence = fence;
    this.gguf = gguf;
  }

  /** A folder whose files may link to anywhere. */
  public static ModelFolder unfenced(Path path) {
    return new ModelFolder(path, Optional.empty(), Optional.empty());
  }

  /** A folder that was made of the header of a GGUF file, which holds the weights. */
  public static ModelFolder ofGguf(Path path, Path gguf) {
    return new ModelFolder(path, Optional.empty(), Optional.of(gguf));
  }

  /**
   * A folder that lies, like all its files, inside another one.
   *
   * @throws ModelUnavailableException if it does not
   */
  public static ModelFolder inside(Path fence, Path path) throws IOException {
    if (!Files.isDirectory(fence)) {
      throw new ModelUnavailableException(fence.toString(), "is no folder", "Create it");
    }
    ModelFolder folder = new ModelFolder(path, Optional.of(fence.toRealPath()), Optional.empty());
    folder.check(path);
    return folder;
  }

  /** The GGUF file with the weights, if they are not in the folder. */
  public Optional<Path> gguf() {
    return gguf;
  }

  /** What the user knows the model by: the folder, or the GGUF file. */
  public Path source() {
    return gguf.orElse(path);
  }

  /** A folder inside this one, with the same fence. */
  public ModelFolder sub(String name) {
    return new ModelFolder(path.resolve(name).normalize(), fence, Optional.empty());
  }

  /** The folder itself. */
  public Path path() {
    return path;
  }

  /**
   * A regular file of the folder, or empty if there is none of that name.
   *
   * @param name a file name or a relative path with slashes
   * @throws ModelUnavailableException if it exists and lies outside the fence
   */
  public Optional<Path> file(String name) throws IOException {
    Path file;
    try {
      file = path.resolve(name).normalize();
    } catch (InvalidPathException e) {
      throw new ModelUnavailableException(
          path.toString(), "cannot hold a file '" + name + "'", "Correct the name", e);
    }
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    check(file);
    return Optional.of(file);
  }

  /** As {@link #file}, for one that must exist. */
  public Path required(String name, String remedy) throws IOException {
    Optional<Path> file = file(name);
    if (file.isEmpty()) {
      throw new ModelUnavailableException(path.toString(), "has no " + name, remedy);
    }
    return file.get();
  }

  private void check(Path file) throws IOException {
    if (fence.isPresent() && !file.toRealPath().startsWith(fence.get())) {
      throw new ModelUnavailableException(
          file.toString(),
          "lies outside " + fence.get() + " (links are followed)",
          "Place the model below that folder");
    }
  }
}

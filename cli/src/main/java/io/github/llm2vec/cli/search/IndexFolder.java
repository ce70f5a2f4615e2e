/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A folder that stays, or one that is deleted with everything in it when it is closed.
 *
 * @param path the folder
 * @param deleted whether closing deletes it
 */
public record IndexFolder(Path path, boolean deleted) implements AutoCloseable {

  public static IndexFolder kept(Path path) {
    return new IndexFolder(path, false);
  }

  public static IndexFolder temporary() {
    try {
      return new IndexFolder(Files.createTempDirectory("llm2vec-"), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes what is to be deleted; a second time does nothing. */
  void delete() {
    if (!deleted || !Files.exists(path)) {
      return;
    }
    try {
      clear(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a folder that is there, with everything in it. */
  public static void clear(Path path) throws IOException {
    try (Stream<Path> walk = Files.walk(path)) {
      for (Path file : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  @Override
  public void close() {
    delete();
  }
}

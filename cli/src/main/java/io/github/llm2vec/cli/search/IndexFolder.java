/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.lucene.util.IOUtils;

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
      IOUtils.rm(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    delete();
  }
}

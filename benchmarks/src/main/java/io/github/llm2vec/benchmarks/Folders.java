/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Cleans up after a benchmark. */
final class Folders {

  private Folders() {}

  /** Deletes a folder of files. */
  static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}

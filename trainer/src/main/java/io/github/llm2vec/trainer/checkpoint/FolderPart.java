/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** Writes some files of a folder. */
@FunctionalInterface
public interface FolderPart {

  /**
   * Writes them.
   *
   * @param folder exists
   */
  void write(Path folder) throws IOException;
}

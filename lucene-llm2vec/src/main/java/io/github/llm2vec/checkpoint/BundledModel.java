/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A model packaged in a jar. With the jar on the class path, the model's name may stand wherever a
 * folder or a hub id may. Implementations are found by {@link java.util.ServiceLoader}.
 */
public interface BundledModel {

  /** What the model is called: no path and no hub id, so without a slash. */
  String name();

  /**
   * A folder with the checkpoint, which stays as it is while this process runs.
   *
   * @throws IOException if there is no place for it
   */
  Path folder() throws IOException;
}

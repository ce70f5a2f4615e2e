/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** Chooses which files of a hub's repository are downloaded. */
public interface FileSelection {

  /** The files that are fetched first, which say what else is needed. */
  List<String> configuration(Collection<String> available);

  /**
   * The weight files.
   *
   * @param snapshot where the files of {@link #configuration} lie by now
   */
  List<String> weights(Collection<String> available, Path snapshot) throws IOException;
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where datasets are looked for and caches are kept; none of these keys is upstream's.
 *
 * @param datasetDir {@code dataset_dir}: the folder with datasets that {@code dataset_name} names
 * @param cacheDir {@code data_cache_dir}: where indexes and tokenized texts are kept, by default
 *     below the output folder
 * @param corruptLine {@code on_corrupt_line}
 */
public record DataAccess(
    Optional<Path> datasetDir, Optional<Path> cacheDir, CorruptLinePolicy corruptLine) {

  static DataAccess read(ConfigValues values) {
    return new DataAccess(
        values.optionalText("dataset_dir").map(Path::of),
        values.optionalText("data_cache_dir").map(Path::of),
        values.choice("on_corrupt_line", CorruptLinePolicy.ERROR));
  }

  /** {@code on_corrupt_line}: what to do with a line of data that cannot be parsed. */
  public enum CorruptLinePolicy implements NamedOption {
    /** The run ends before it starts, with the file and the line. */
    ERROR,
    /** The line is left out and counted. */
    SKIP
  }
}

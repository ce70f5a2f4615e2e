/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.trainer.config.DataAccess;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies {@link DataAccess.CorruptLinePolicy} to lines that cannot be parsed, and counts those
 * that are left out. Thread-safe.
 */
public final class CorruptLines {

  private static final int EXAMPLES = 5;

  private final DataAccess.CorruptLinePolicy policy;
  private final List<String> first = new ArrayList<>();
  private long skipped;

  /** Creates a count of none. */
  public CorruptLines(DataAccess.CorruptLinePolicy policy) {
    this.policy = policy;
  }

  /**
   * Reports a line.
   *
   * @throws DataFormatException the same, if such lines are not to be left out
   */
  public synchronized void report(DataFormatException line) throws DataFormatException {
    if (policy == DataAccess.CorruptLinePolicy.ERROR) {
      throw line;
    }
    skipped++;
    if (first.size() < EXAMPLES) {
      first.add(line.getMessage());
    }
  }

  /** How many lines were left out. */
  public synchronized long skipped() {
    return skipped;
  }

  /** The messages of the first lines that were left out. */
  public synchronized List<String> examples() {
    return List.copyOf(first);
  }
}

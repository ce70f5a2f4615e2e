/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Collects the findings of a test collection: passes every one on and counts them or, if strict,
 * throws at the first.
 *
 * <p>Keeps no findings itself, so that a broken file of millions of lines needs no memory. Used by
 * one thread.
 */
public final class Findings {

  private final boolean strict;
  private final Consumer<Finding> sink;
  private final Map<Finding.Kind, Long> counts = new EnumMap<>(Finding.Kind.class);

  private Findings(boolean strict, Consumer<Finding> sink) {
    this.strict = strict;
    this.sink = Objects.requireNonNull(sink, "sink");
  }

  /** Goes on after a finding. */
  public static Findings lenient(Consumer<Finding> sink) {
    return new Findings(false, sink);
  }

  /** Stops at the first finding. */
  public static Findings strict() {
    return new Findings(true, finding -> {});
  }

  /**
   * Takes a finding.
   *
   * @throws DatasetException if findings are errors
   */
  public void add(Finding finding) throws DatasetException {
    if (strict) {
      throw new DatasetException(finding + " (strict: findings are errors)");
    }
    counts.merge(finding.kind(), 1L, Long::sum);
    sink.accept(finding);
  }

  /** How many there were of each kind; kinds without findings are missing. */
  public Map<Finding.Kind, Long> counts() {
    return Collections.unmodifiableMap(counts);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.config.IntervalStrategy;
import io.github.llm2vec.trainer.config.StepInterval;

/**
 * When something happens that happens again and again.
 *
 * @param strategy after updates, at the ends of epochs, or never
 * @param every updates between two times
 */
record Interval(IntervalStrategy strategy, long every) {

  static Interval of(IntervalStrategy strategy, StepInterval interval, long totalUpdates) {
    return new Interval(strategy, interval.updates(totalUpdates));
  }

  boolean afterUpdate(long step) {
    return strategy == IntervalStrategy.STEPS && step % every == 0;
  }

  boolean atEpochEnd() {
    return strategy == IntervalStrategy.EPOCH;
  }

  boolean ever() {
    return strategy != IntervalStrategy.NO;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.log.MetricRecord;
import java.io.IOException;
import java.nio.file.Path;

/** Is told what happens in a run, on the training thread, in order. */
public interface TrainerCallback {

  /** A run begins or goes on. */
  default void started(TrainingStart start) {}

  /** Something that whoever watches should know. */
  default void note(String text) {}

  /** An update was made. */
  default void updated(StepMetrics report) {}

  /** Figures were logged. */
  default void logged(MetricRecord metric) throws IOException {}

  /** A checkpoint is on the disk. */
  default void saved(Path checkpoint) {}
}

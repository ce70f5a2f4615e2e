/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.log.MetricRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Several listeners as one.
 *
 * @param all told in this order
 */
record CallbackHandler(List<TrainerCallback> all) implements TrainerCallback {

  CallbackHandler {
    all = List.copyOf(all);
  }

  @Override
  public void started(TrainingStart start) {
    all.forEach(listener -> listener.started(start));
  }

  @Override
  public void note(String text) {
    all.forEach(listener -> listener.note(text));
  }

  @Override
  public void updated(StepMetrics report) {
    all.forEach(listener -> listener.updated(report));
  }

  @Override
  public void logged(MetricRecord metric) throws IOException {
    for (TrainerCallback listener : all) {
      listener.logged(metric);
    }
  }

  @Override
  public void saved(Path checkpoint) {
    all.forEach(listener -> listener.saved(checkpoint));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.trainer.data.Prefetcher;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Evaluates a model on validation batches, with the metrics and names of Hugging Face's Trainer.
 *
 * @param <B> what a batch is
 * @param objective what is measured
 * @param loader the batches, the same every time
 */
record Evaluator<B>(Objective<B> objective, DataLoader<B> loader) implements ModelEvaluation {

  static final String LOSS = "eval_loss";

  /** The objective's metrics, then {@code eval_runtime} and rates. */
  @Override
  public Map<String, Double> evaluate() throws IOException {
    long start = System.nanoTime();
    Objective.Evaluation<B> evaluation = objective.evaluation();
    long rows = 0;
    long batches = 0;
    try (RecordStream<B> stream =
        new Prefetcher<>(loader.epoch(0, 0), Trainer.AHEAD, "llm2vec-validation")) {
      Optional<B> batch = stream.next();
      while (batch.isPresent()) {
        if (!objective.isEmpty(batch.get())) {
          evaluation.add(batch.get());
          rows += objective.rows(batch.get());
          batches++;
        }
        batch = stream.next();
      }
    }
    if (rows == 0) {
      throw new TrainingException(
          "there is nothing to predict in the validation data; raise validation_split_percentage or"
              + " mlm_probability, or give a larger validation_file");
    }
    double seconds = Math.max((System.nanoTime() - start) / 1e9, 1e-9);
    Map<String, Double> figures = new LinkedHashMap<>(evaluation.metrics());
    figures.put("eval_runtime", seconds);
    figures.put("eval_samples_per_second", rows / seconds);
    figures.put("eval_steps_per_second", batches / seconds);
    return figures;
  }
}

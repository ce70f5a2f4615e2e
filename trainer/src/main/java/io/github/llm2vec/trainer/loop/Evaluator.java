/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.MaskedLanguageModelScore;
import io.github.llm2vec.trainer.collate.BatchSource;
import io.github.llm2vec.trainer.data.Prefetcher;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Measures a model on held-out batches, with the figures and names of Hugging Face's Trainer.
 *
 * @param <B> what a batch is
 * @param objective what is measured
 * @param source the batches, the same every time
 * @param nanoClock for the time it takes
 */
record Evaluator<B>(Objective<B> objective, DataLoader<B> source, LongSupplier nanoClock) {

  static final String LOSS = "eval_loss";

  /** {@code eval_loss}, the mean over rows as there; {@code eval_accuracy}, over predictions. */
  Map<String, Double> evaluate() throws IOException {
    long start = nanoClock.getAsLong();
    double loss = 0;
    long rows = 0;
    long batches = 0;
    long correct = 0;
    long predictions = 0;
    try (RecordStream<B> stream =
        new Prefetcher<>(source.epoch(0, 0), TrainingLoop.AHEAD, "llm2vec-validation")) {
      Optional<B> batch = stream.next();
      while (batch.isPresent()) {
        if (!objective.isEmpty(batch.get())) {
          MaskedLanguageModelScore score = objective.score(batch.get());
          loss += score.meanLoss() * objective.rows(batch.get());
          rows += objective.rows(batch.get());
          correct += score.correct();
          predictions += score.predictions();
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
    double seconds = Math.max((nanoClock.getAsLong() - start) / 1e9, 1e-9);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(LOSS, loss / rows);
    figures.put("eval_accuracy", (double) correct / predictions);
    figures.put("eval_runtime", seconds);
    figures.put("eval_samples_per_second", rows / seconds);
    figures.put("eval_steps_per_second", batches / seconds);
    return figures;
  }
}

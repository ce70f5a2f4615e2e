/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An evaluation of the model as it is now, without dropout and without gradients. */
@FunctionalInterface
interface ModelEvaluation {

  /** The metrics, with the prefix {@code eval_}. */
  Map<String, Double> evaluate() throws IOException;

  /** Several as one, or none of none. */
  static Optional<ModelEvaluation> all(List<ModelEvaluation> evaluations) {
    if (evaluations.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        () -> {
          Map<String, Double> figures = new LinkedHashMap<>();
          for (ModelEvaluation evaluation : evaluations) {
            figures.putAll(evaluation.evaluate());
          }
          return figures;
        });
  }
}

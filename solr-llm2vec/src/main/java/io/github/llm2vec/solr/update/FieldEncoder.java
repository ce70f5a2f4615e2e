/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.solr.common.SolrException;

/** Gets the vectors of one field for many documents at once. */
final class FieldEncoder {

  private final RetryingEncoder encoder;

  FieldEncoder(MappedField field, Pause pause) {
    this.encoder =
        new RetryingEncoder(new BatchEncoder(field::encode), field.mapping().failures(), pause);
  }

  /**
   * Encodes in one batch whatever is not known yet.
   *
   * @return what came of each plan
   * @throws SolrException if there is no model to encode with
   */
  List<Filling> fill(List<VectorPlan.Fill> plans) {
    List<String> texts =
        plans.stream()
            .flatMap(plan -> plan.pieces().stream())
            .filter(piece -> piece.known().isEmpty())
            .map(Piece::text)
            .toList();
    Iterator<Outcome> outcomes = encoder.encode(texts).iterator();
    List<Filling> fillings = new ArrayList<>(plans.size());
    for (VectorPlan.Fill plan : plans) {
      fillings.add(fill(plan, outcomes));
    }
    return fillings;
  }

  private static Filling fill(VectorPlan.Fill plan, Iterator<Outcome> outcomes) {
    List<FloatList> vectors = new ArrayList<>(plan.pieces().size());
    List<RuntimeException> failures = new ArrayList<>();
    int encoded = 0;
    for (Piece piece : plan.pieces()) {
      if (piece.known().isPresent()) {
        vectors.add(piece.known().get());
        continue;
      }
      Outcome outcome = outcomes.next();
      if (outcome instanceof Outcome.Encoded success) {
        vectors.add(success.vector());
        encoded++;
      } else if (outcome instanceof Outcome.Failed failed) {
        failures.add(failed.cause());
      }
    }
    return failures.isEmpty()
        ? new Filling.Done(vectors, encoded)
        : new Filling.Failed(failures.get(0));
  }
}

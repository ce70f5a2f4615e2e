/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.update.VectorPlan.TextChunk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.solr.common.SolrException;

/**
 * Encodes the texts of one vector field for many documents at once. Texts whose vectors are known
 * are left out; those that fail are tried again, a bounded number of times and with growing pauses,
 * if the field's {@link FailurePolicy} says so. Not those that the model refuses: they would be
 * refused again. A model that is not there counts as a failure that may pass.
 */
final class ChunkEncoder {

  /** Lets time go by before something is tried again. */
  @FunctionalInterface
  interface Pause {
    /** Waits for so long. */
    void take(Duration length) throws InterruptedException;
  }

  private final Function<List<String>, List<EncodingResult>> model;
  private final UnaryOperator<float[]> indexed;
  private final FailurePolicy policy;
  private final Pause pause;

  /**
   * @param model encodes texts, or throws a {@link SolrException} if there is no model
   * @param indexed makes of the model's vectors those that are indexed
   */
  ChunkEncoder(
      Function<List<String>, List<EncodingResult>> model,
      UnaryOperator<float[]> indexed,
      FailurePolicy policy,
      Pause pause) {
    this.model = model;
    this.indexed = indexed;
    this.policy = policy;
    this.pause = pause;
  }

  /** Encodes with the model of a field. */
  static ChunkEncoder of(MappedField field) {
    return new ChunkEncoder(
        texts -> field.encoder().encodeDocuments(texts, field.mapping().prompt(), field.model()),
        field::indexed,
        field.mapping().failures(),
        length -> TimeUnit.NANOSECONDS.sleep(length.toNanos()));
  }

  /**
   * Encodes whatever is not known yet.
   *
   * @return for each plan one result per piece, as they are indexed
   * @throws SolrException if there is no model to encode with, still
   */
  List<List<EncodingResult>> encode(List<VectorPlan.Fill> plans) {
    List<String> texts =
        plans.stream()
            .flatMap(plan -> plan.chunks().stream())
            .filter(chunk -> chunk.known().isEmpty())
            .map(TextChunk::text)
            .toList();
    Iterator<EncodingResult> encoded = encodeTexts(texts).iterator();
    List<List<EncodingResult>> results = new ArrayList<>(plans.size());
    for (VectorPlan.Fill plan : plans) {
      List<EncodingResult> ofPlan = new ArrayList<>(plan.chunks().size());
      for (TextChunk chunk : plan.chunks()) {
        ofPlan.add(
            chunk.known().isPresent()
                ? new EncodingResult.Encoded(chunk.known().get().values())
                : encoded.next());
      }
      results.add(ofPlan);
    }
    return results;
  }

  /** Why a document has no vectors, if any of its pieces has none. */
  static Optional<RuntimeException> failure(List<EncodingResult> results) {
    return results.stream()
        .filter(EncodingResult.Failed.class::isInstance)
        .map(result -> ((EncodingResult.Failed) result).cause())
        .findFirst();
  }

  private List<EncodingResult> encodeTexts(List<String> texts) {
    List<EncodingResult> results = new ArrayList<>(attempt(texts, 0));
    for (int retry = 1; retry <= policy.effectiveRetries(); retry++) {
      List<Integer> left =
          IntStream.range(0, texts.size()).filter(i -> mayPass(results.get(i))).boxed().toList();
      if (left.isEmpty()) {
        break;
      }
      takePause(retry);
      List<EncodingResult> again = attempt(left.stream().map(texts::get).toList(), retry);
      for (int i = 0; i < left.size(); i++) {
        results.set(left.get(i), again.get(i));
      }
    }
    return results;
  }

  private List<EncodingResult> attempt(List<String> texts, int retry) {
    if (texts.isEmpty()) {
      return List.of();
    }
    try {
      return model.apply(texts).stream().map(this::indexable).toList();
    } catch (SolrException e) {
      if (retry >= policy.effectiveRetries()) {
        throw e;
      }
      return texts.stream().<EncodingResult>map(text -> new EncodingResult.Failed(e)).toList();
    }
  }

  /**
   * The vector as it is indexed. The queue has seen that its numbers are finite; what is left of it
   * after cutting and rounding must have a length by which it can be compared.
   */
  private EncodingResult indexable(EncodingResult result) {
    if (!(result instanceof EncodingResult.Encoded encoded)) {
      return result;
    }
    float[] vector = indexed.apply(encoded.vector());
    double squares = Vectors.squaredLength(vector);
    if (squares > 0 && squares < Double.POSITIVE_INFINITY) {
      return new EncodingResult.Encoded(vector);
    }
    return new EncodingResult.Failed(
        new ArithmeticException(
            squares == 0
                ? "the model gave a zero vector, which is near to nothing"
                : "the vector has numbers that are too large for its stored copy"));
  }

  private static boolean mayPass(EncodingResult result) {
    return result instanceof EncodingResult.Failed failed
        && !RejectedDocuments.isFaultOfTheText(failed.cause());
  }

  private void takePause(int retry) {
    Duration length = policy.pause().multipliedBy(1L << Math.min(retry - 1, 20));
    try {
      pause.take(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw SolrErrors.unavailable("interrupted while waiting to encode once more", e);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.node.EncoderIdentity;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelHandle;
import io.github.llm2vec.solr.schema.CoreIdentities;
import io.github.llm2vec.solr.schema.CoreIdentities.QueryIdentity;
import io.github.llm2vec.solr.schema.VectorField;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QueryLimits;

/** Turns the text of a query into its vector, once for a request and within the time allowed. */
record QueryEncoder(SolrQueryRequest request, VectorField field, Checks checks) {

  private static final double UNIT_TOLERANCE = 1e-3;
  private static final String PLACE = "llm2vec: encoding the query";

  /**
   * What is to be true of a model and an index.
   *
   * @param dimensions width that vectors are cut to; 0 for the model's own
   * @param anyModel whether vectors of another model may be in the index
   */
  record Checks(int dimensions, boolean anyModel) {}

  /**
   * The vector of a text.
   *
   * @param adapter name of one beside the model, or "" for the model alone
   * @return to be read only; empty if the limits of the request ({@code timeAllowed} and others)
   *     are used up and it takes partial results, of which there are none without a vector
   * @throws SolrException if there is no such model, it is not open, it cannot encode the text, its
   *     vectors do not fit the field, or the limits are used up and the request takes no partial
   *     results
   */
  Optional<float[]> vector(String model, String adapter, Prompt prompt, String text) {
    String key = RequestVectorCache.key(named(model, adapter), prompt, text);
    Optional<RequestVectorCache.Encoded> known = RequestVectorCache.known(request, key);
    if (known.isEmpty()) {
      QueryLimits limits = QueryLimits.getCurrentLimits();
      if (limits.maybeExitWithPartialResults(PLACE)) {
        return Optional.empty();
      }
      RequestVectorCache.Encoded vector;
      try {
        vector = encode(model, adapter, prompt, text);
      } catch (SolrException e) {
        if (ModelHandle.isLate(e) && limits.maybeExitWithPartialResults(PLACE)) {
          return Optional.empty();
        }
        throw e;
      }
      RequestVectorCache.keep(request, key, vector);
      known = limits.maybeExitWithPartialResults(PLACE) ? Optional.empty() : Optional.of(vector);
    }
    if (known.isEmpty()) {
      return Optional.empty();
    }
    checkWidth(model, known.get().values().length);
    known.get().identity().ifPresent(this::checkIdentity);
    return Optional.of(cut(known.get().values()));
  }

  /** What a model is called together with its adapter. */
  private static String named(String model, String adapter) {
    return adapter.isEmpty() ? model : model + " with adapter " + adapter;
  }

  private RequestVectorCache.Encoded encode(
      String model, String adapter, Prompt prompt, String text) {
    ModelHandle encoder = EncoderRegistry.of(request.getCore()).acquire(request.getCore(), model);
    field.checkSimilarity(encoder.declaration());
    // All texts of a request are encoded by the model that its first one met.
    EncoderIdentity expected =
        RequestState.of(request).encoder(named(model, adapter), () -> encoder.identity(adapter));
    QueryIdentity identity =
        new QueryIdentity(
            model,
            expected.fingerprint(),
            expected.tokenizer(),
            adapter.isEmpty() ? space(encoder) : "",
            expected.encodedOn(CoreIdentities.nodeName(request.getCore())));
    checkWidth(model, expected.dimensions());
    checkIdentity(identity);
    try {
      return new RequestVectorCache.Encoded(
          encoder.encodeQuery(text, prompt, expected, patience()), Optional.of(identity));
    } catch (SolrException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw SolrErrors.badRequest(failure(model, e), e);
    } catch (RuntimeException e) {
      throw SolrErrors.serverError(failure(model, e), e);
    }
  }

  /**
   * The encoder whose vectors those of a model may be compared with, as the model is declared. An
   * adapter gives a model other vectors, of which nothing is declared.
   */
  private String space(ModelHandle encoder) {
    String space = encoder.declaration().sameSpaceAs();
    return space.isEmpty() || EncoderIdentity.isFingerprint(space)
        ? space
        : EncoderRegistry.of(request.getCore())
            .acquire(request.getCore(), space)
            .identity()
            .fingerprint();
  }

  private void checkWidth(String model, int width) {
    int wanted = checks.dimensions();
    if (wanted == 0) {
      field.checkDimensions(model, width);
    } else if (wanted != field.dimensions() || wanted > width) {
      throw SolrErrors.badRequest(
          "llm2vec query: dimensions=%s, but field '%s' has vectorDimension=%s and model '%s' gives"
                  .formatted(wanted, field.name(), field.dimensions(), model)
              + " vectors of %s; it must be that of the field and no more than those of the model"
                  .formatted(width));
    }
  }

  /** A vector that is cut is as long as it was: of length 1, if it was. */
  private float[] cut(float[] vector) {
    boolean unit = Math.abs(Vectors.squaredLength(vector) - 1) < UNIT_TOLERANCE;
    return field.cut(vector, unit);
  }

  private void checkIdentity(QueryIdentity identity) {
    if (checks.anyModel()) {
      return;
    }
    try {
      CoreIdentities.of(request.getCore())
          .requireComparable(
              request.getCore(),
              request.getSearcher().getIndexReader(),
              field.name(),
              identity,
              field.dimensions());
    } catch (IOException e) {
      throw SolrErrors.serverError(
          "cannot read what made the vectors of field '" + field.name() + "'", e);
    }
  }

  /** What is left of {@code timeAllowed}, so that nobody waits in the queue for longer. */
  private Duration patience() {
    long allowed = request.getParams().getLong(CommonParams.TIME_ALLOWED, -1);
    return allowed < 0
        ? ModelHandle.QUERY_PATIENCE
        : Duration.ofMillis(Math.max(1, allowed - (long) request.getRequestTimer().getTime()));
  }

  private static String failure(String model, RuntimeException cause) {
    return "model '%s' cannot encode the query: %s".formatted(model, cause.getMessage());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.DeadlineExceededException;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.NodeEncoder;
import io.github.llm2vec.solr.schema.VectorField;
import java.time.Duration;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QueryLimits;

/** Turns the text of a query into its vector, once for a request and within the time allowed. */
final class QueryEncoder {

  private static final String PLACE = "llm2vec: encoding the query";

  private final SolrQueryRequest request;
  private final VectorField field;

  QueryEncoder(SolrQueryRequest request, VectorField field) {
    this.request = request;
    this.field = field;
  }

  /**
   * The vector of a text.
   *
   * @return to be read only; empty if the limits of the request ({@code timeAllowed} and others)
   *     are used up and it takes partial results, of which there are none without a vector
   * @throws SolrException if there is no such model, it is not open, it cannot encode the text, its
   *     vectors do not fit the field, or the limits are used up and the request takes no partial
   *     results
   */
  Optional<float[]> vector(String model, Prompt prompt, String text) {
    String key = QueryVectors.key(model, prompt, text);
    Optional<float[]> known = QueryVectors.known(request, key);
    if (known.isEmpty()) {
      QueryLimits limits = QueryLimits.getCurrentLimits();
      if (limits.maybeExitWithPartialResults(PLACE)) {
        return Optional.empty();
      }
      float[] vector;
      try {
        vector = encode(model, prompt, text);
      } catch (SolrException e) {
        if (e.getCause() instanceof DeadlineExceededException
            && limits.maybeExitWithPartialResults(PLACE)) {
          return Optional.empty();
        }
        throw e;
      }
      QueryVectors.keep(request, key, vector);
      known = limits.maybeExitWithPartialResults(PLACE) ? Optional.empty() : Optional.of(vector);
    }
    known.ifPresent(vector -> field.checkDimensions(model, vector.length));
    return known;
  }

  private float[] encode(String model, Prompt prompt, String text) {
    NodeEncoder encoder = EncoderRegistry.of(request.getCore()).acquire(request.getCore(), model);
    field.checkSimilarity(encoder.declaration());
    field.checkDimensions(model, encoder.dimensions());
    try {
      return encoder.encodeQuery(text, prompt, patience());
    } catch (SolrException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new SolrException(ErrorCode.BAD_REQUEST, failure(model, e), e);
    } catch (RuntimeException e) {
      throw new SolrException(ErrorCode.SERVER_ERROR, failure(model, e), e);
    }
  }

  /** What is left of {@code timeAllowed}, so that nobody waits in the queue for longer. */
  private Duration patience() {
    long allowed = request.getParams().getLong(CommonParams.TIME_ALLOWED, -1);
    return allowed < 0
        ? NodeEncoder.QUERY_PATIENCE
        : Duration.ofMillis(Math.max(1, allowed - (long) request.getRequestTimer().getTime()));
  }

  private static String failure(String model, RuntimeException cause) {
    return "model '%s' cannot encode the query: %s".formatted(model, cause.getMessage());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.DeadlineExceededException;
import io.github.llm2vec.serving.DevicesFailedException;
import io.github.llm2vec.serving.EncodingInterruptedException;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.serving.OverloadedException;
import io.github.llm2vec.serving.ServiceClosedException;
import io.github.llm2vec.serving.TextFailedException;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.remote.NodeCallException;
import java.time.Duration;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.request.SolrRequestInfo;

/**
 * Maps failures of the encoder service to Solr errors: 429 if there are too many queries, 503 if
 * the model is not there for the moment or the time was too short; both with {@code Retry-After}
 * where the time is known.
 */
final class ServingErrors {

  /** Key of the error's metadata, and name of the HTTP header, both in whole seconds. */
  static final String RETRY_AFTER = "Retry-After";

  private ServingErrors() {}

  /**
   * What to throw instead of a failure of an encoder. A text that is to blame itself is told of by
   * its own exception: {@link IllegalArgumentException} if the client is at fault.
   */
  static RuntimeException translate(String model, RuntimeException failure) {
    if (failure instanceof OverloadedException e) {
      return retry(new Refusal(ErrorCode.TOO_MANY_REQUESTS, message(model, e), e), e.retryAfter());
    }
    if (failure instanceof DevicesFailedException e) {
      return retry(SolrErrors.unavailable(message(model, e), e), e.retryAfter());
    }
    if (failure instanceof DeadlineExceededException
        || failure instanceof ServiceClosedException
        || failure instanceof EncodingInterruptedException) {
      return SolrErrors.unavailable(message(model, failure), failure);
    }
    if (failure instanceof NodeCallException e) {
      return translate(model, e);
    }
    if (failure instanceof TextFailedException
        && failure.getCause() instanceof IllegalArgumentException refused) {
      return refused;
    }
    return failure;
  }

  private static SolrException translate(String model, NodeCallException failure) {
    ErrorCode code =
        switch (failure.reason()) {
          case OTHER_MODEL -> ErrorCode.CONFLICT;
          case OVERLOADED -> ErrorCode.TOO_MANY_REQUESTS;
          case NO_NODE, LATE, INTERRUPTED -> ErrorCode.SERVICE_UNAVAILABLE;
        };
    SolrException exception = new Refusal(code, message(model, failure), failure);
    return failure.retryAfter().isZero() ? exception : retry(exception, failure.retryAfter());
  }

  /** Whether a text has no vector since the time that it was allowed is over. */
  static boolean isLate(SolrException failure) {
    return failure.getCause() instanceof DeadlineExceededException
        || (failure.getCause() instanceof NodeCallException e
            && e.reason() == NodeCallException.Reason.LATE);
  }

  /** The same of what came of one text. */
  static EncodingResult translate(String model, EncodingResult result) {
    return result instanceof EncodingResult.Failed failed
        ? new EncodingResult.Failed(translate(model, failed.cause()))
        : result;
  }

  private static String message(String model, RuntimeException failure) {
    return "model '" + model + "': " + failure.getMessage();
  }

  /**
   * A refusal for overload, or for want of a node. Solr logs it with its stack, which would tell
   * nothing, thousands of times in the very minute in which the machine has no time: it has none.
   */
  private static final class Refusal extends SolrException {

    private static final long serialVersionUID = 1;

    Refusal(ErrorCode code, String message, RuntimeException cause) {
      super(code, message, cause);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  /** Adds when to try again, to the exception and to the answer over HTTP that is being made. */
  static SolrException retry(SolrException exception, Duration after) {
    String seconds = Long.toString(Math.max(1, (after.toMillis() + 999) / 1000));
    exception.setMetadata(RETRY_AFTER, seconds);
    SolrRequestInfo request = SolrRequestInfo.getRequestInfo();
    if (request != null && request.getRsp() != null) {
      request.getRsp().setHttpHeader(RETRY_AFTER, seconds);
    }
    return exception;
  }
}

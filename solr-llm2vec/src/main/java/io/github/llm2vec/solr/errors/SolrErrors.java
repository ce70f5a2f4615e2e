/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.errors;

import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Exceptions by the status that the client of a request sees. */
public final class SolrErrors {

  /** Status 405, of which {@link ErrorCode} knows nothing. */
  private static final class MethodNotAllowed extends SolrException {
    private static final long serialVersionUID = 1;

    private MethodNotAllowed(String message) {
      super(405, message, null);
    }
  }

  private SolrErrors() {}

  /** 400: the request has to be another one. */
  public static SolrException badRequest(String message) {
    return badRequest(message, null);
  }

  /** 400, and why. */
  public static SolrException badRequest(@Nullable String message, @Nullable Throwable cause) {
    return new SolrException(ErrorCode.BAD_REQUEST, message, cause);
  }

  /** 405: the request has to be sent by another method. */
  public static SolrException methodNotAllowed(String message) {
    return new MethodNotAllowed(message);
  }

  /** 409: what the request is about is in another state. */
  public static SolrException conflict(String message) {
    return new SolrException(ErrorCode.CONFLICT, message);
  }

  /** 500: the configuration, the schema or the node is at fault. */
  public static SolrException serverError(String message) {
    return serverError(message, null);
  }

  /** 500, and why. */
  public static SolrException serverError(@Nullable String message, @Nullable Throwable cause) {
    return new SolrException(ErrorCode.SERVER_ERROR, message, cause);
  }

  /** 503: the same request may be answered later. */
  public static SolrException unavailable(String message) {
    return unavailable(message, null);
  }

  /** 503, and why. */
  public static SolrException unavailable(String message, @Nullable Throwable cause) {
    return new SolrException(ErrorCode.SERVICE_UNAVAILABLE, message, cause);
  }
}

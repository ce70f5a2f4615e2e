/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.time.Duration;

/** No encoder node gave what was asked for. Nothing was lost but the request. */
public final class NodeCallException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Why there is no answer. */
  public enum Reason {
    /** No node serves the model at the moment. */
    NO_NODE,
    /** The nodes serve another model than the request began with. */
    OTHER_MODEL,
    /** Too many queries wait on every node. */
    OVERLOADED,
    /** The time that was allowed is over, or would be. */
    LATE,
    /** The calling thread was interrupted. */
    INTERRUPTED
  }

  private final Reason reason;
  private final Duration retryAfter;

  NodeCallException(Reason reason, String message, Duration retryAfter) {
    // Every query meets it while no node is there: a stack trace each would tell nothing more.
    super(message, null, false, false);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  public Reason reason() {
    return reason;
  }

  /** In how long it may be otherwise; zero if that is not known. */
  public Duration retryAfter() {
    return retryAfter;
  }
}

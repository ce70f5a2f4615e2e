/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.time.Duration;
import java.util.Objects;

/**
 * What is done when a text cannot be encoded.
 *
 * @param onError what becomes of its document
 * @param errorField field that says why a document was indexed without its vector, or "" for none
 * @param retries how often {@link OnError#RETRY} tries again
 * @param pause before the first time; doubled before each further one
 */
public record FailurePolicy(OnError onError, String errorField, int retries, Duration pause) {

  /** Handling of a document whose text cannot be encoded. */
  public enum OnError {
    /** It is refused and the request fails, naming it. */
    FAIL,
    /** It is indexed without its vector, counted and, if a field is named for that, marked. */
    SKIP,
    /** It is tried again a few times, unless its text is to blame; then it is refused. */
    RETRY
  }

  /** Refuse the document. */
  public static final FailurePolicy FAIL =
      new FailurePolicy(OnError.FAIL, "", 3, Duration.ofSeconds(1));

  /** Rejects null and what is negative. */
  public FailurePolicy {
    Objects.requireNonNull(onError, "onError");
    Objects.requireNonNull(errorField, "errorField");
    if (retries < 0 || pause.isNegative()) {
      throw new IllegalArgumentException(
          "retries and the pause between them cannot be negative, found %s and %s"
              .formatted(retries, pause));
    }
  }

  /** How often a text is tried again. */
  int effectiveRetries() {
    return onError == OnError.RETRY ? retries : 0;
  }
}

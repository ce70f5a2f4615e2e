/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/** A text was not encoded because its deadline has passed, or would have before its turn. */
public final class DeadlineExceededException extends ServingException {

  private static final long serialVersionUID = 1;

  private DeadlineExceededException(String message) {
    super(message, null);
  }

  /** The deadline passed while the text waited. */
  static DeadlineExceededException passed(double waitedMillis) {
    return new DeadlineExceededException(
        "the deadline passed after %s ms in the queue".formatted(Math.round(waitedMillis)));
  }

  /** The caller's patience ended before the vector was there. */
  static DeadlineExceededException waited(double patienceMillis) {
    return new DeadlineExceededException(
        "no vector within the %s ms that were allowed".formatted(Math.round(patienceMillis)));
  }

  /** There is no use in queueing the text. */
  static DeadlineExceededException cannotBeMet(double expectedMillis, double allowedMillis) {
    return new DeadlineExceededException(
        "the vector is expected in %s ms, but only %s ms were allowed"
            .formatted(Math.round(expectedMillis), Math.round(allowedMillis)));
  }
}

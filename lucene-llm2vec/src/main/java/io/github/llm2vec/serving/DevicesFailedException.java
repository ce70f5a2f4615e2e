/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.time.Duration;
import java.util.List;

/**
 * Every device of the model has failed, or this text's batch failed with several of them. The text
 * is not to blame; devices are tried again by and by.
 */
public final class DevicesFailedException extends ServingException {

  private static final long serialVersionUID = 1;

  private final Duration retryAfter;

  /**
   * @param reasons what each device said
   * @param retryAfter when one of them is tried again
   */
  DevicesFailedException(List<String> reasons, Duration retryAfter) {
    super(
        "no device is left that encodes; they are tried again by and by. "
            + String.join("; ", reasons));
    this.retryAfter = retryAfter;
  }

  private DevicesFailedException(String message, RuntimeException cause) {
    super(message, cause);
    this.retryAfter = Duration.ofSeconds(1);
  }

  /** A text whose device failed, and the one to which it went, and so on. */
  static DevicesFailedException oneAfterTheOther(int devices, RuntimeException last) {
    return new DevicesFailedException(
        "%s devices failed one after the other with this text's batch: %s"
            .formatted(devices, last.getMessage()),
        last);
  }

  /** After how long it is worth trying again. */
  public Duration retryAfter() {
    return retryAfter;
  }
}

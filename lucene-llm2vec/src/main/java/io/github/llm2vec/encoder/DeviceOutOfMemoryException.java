/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import org.jspecify.annotations.Nullable;

/**
 * A batch does not fit in the device's memory; a smaller one may. Thrown by a {@link BatchModel}.
 */
public final class DeviceOutOfMemoryException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Keeps what the device said. */
  public DeviceOutOfMemoryException(@Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

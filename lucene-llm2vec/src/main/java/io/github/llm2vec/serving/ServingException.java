/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import org.jspecify.annotations.Nullable;

/** Failure of an {@link EncoderService} to answer a sound request with a vector. */
public abstract sealed class ServingException extends RuntimeException
    permits OverloadedException,
        DeadlineExceededException,
        DevicesFailedException,
        EncodingInterruptedException,
        TextFailedException {

  private static final long serialVersionUID = 1;

  ServingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Of a failure that comes in great numbers and tells nothing by its place: without a stack. */
  ServingException(String message) {
    super(message, null, false, false);
  }
}

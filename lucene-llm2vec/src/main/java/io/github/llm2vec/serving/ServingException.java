/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/** Why an {@link EncoderService} did not answer with a vector, although the request was sound. */
public abstract sealed class ServingException extends RuntimeException
    permits OverloadedException,
        DeadlineExceededException,
        EncodingInterruptedException,
        TextFailedException {

  private static final long serialVersionUID = 1;

  ServingException(String message, Throwable cause) {
    super(message, cause);
  }
}

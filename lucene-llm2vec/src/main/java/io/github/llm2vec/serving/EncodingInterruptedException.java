/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/**
 * The calling thread was interrupted while it waited; its interrupt status is set. What it had
 * queued was withdrawn.
 */
public final class EncodingInterruptedException extends ServingException {

  private static final long serialVersionUID = 1;

  EncodingInterruptedException(InterruptedException cause) {
    super("interrupted while waiting for the encoder", cause);
  }
}

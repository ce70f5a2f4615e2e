/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

/** The service is closed, or was while the text waited. Nothing was lost but this request. */
public final class ServiceClosedException extends IllegalStateException {

  private static final long serialVersionUID = 1;

  private ServiceClosedException(String message) {
    super(message);
  }

  static ServiceClosedException beforehand() {
    return new ServiceClosedException("this encoder service is closed");
  }

  static ServiceClosedException whileWaiting() {
    return new ServiceClosedException(
        "the encoder service was closed before this text's turn; send it again to another one");
  }
}

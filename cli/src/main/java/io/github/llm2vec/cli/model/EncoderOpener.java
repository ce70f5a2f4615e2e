/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.encoder.TextEncoder;
import java.io.IOException;

/** Opens the encoder that the model options describe; tests put their own in its place. */
@FunctionalInterface
public interface EncoderOpener {

  /**
   * Opens an encoder.
   *
   * @param options what the user typed
   * @return an open encoder, owned by the caller
   * @throws IOException if the model's files cannot be read
   * @throws IllegalArgumentException if an option does not fit the model
   */
  TextEncoder open(ModelOptions options) throws IOException;
}

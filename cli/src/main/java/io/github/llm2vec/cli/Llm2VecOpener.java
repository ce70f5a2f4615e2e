/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.encoder.TextEncoder;
import java.io.IOException;

/** Opens a language model with the library of this project. */
final class Llm2VecOpener implements EncoderOpener {

  @Override
  public TextEncoder open(ModelOptions options) throws IOException {
    throw new CliException("running a model is not wired into the command line yet");
  }
}

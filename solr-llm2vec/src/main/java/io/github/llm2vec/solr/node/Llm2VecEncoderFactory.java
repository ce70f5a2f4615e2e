/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.TextEncoder;

/** Opens a declared model with the engine of this project. */
final class Llm2VecEncoderFactory implements EncoderFactory {

  @Override
  public TextEncoder open(ModelDeclaration declaration) {
    throw new UnsupportedOperationException(
        "this build of the plugin holds no engine that could open " + declaration.model());
  }
}

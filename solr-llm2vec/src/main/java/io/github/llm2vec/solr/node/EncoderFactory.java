/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.serving.EncoderService;
import java.io.IOException;
import java.util.Optional;

/**
 * Opens the encoder of a declared model; may take minutes and much memory. The texts of all cores
 * share its queue and its batches.
 */
@FunctionalInterface
public interface EncoderFactory {

  /**
   * Opens an encoder, which the caller closes.
   *
   * @throws IOException if files cannot be read
   * @throws RuntimeException if the declaration or the checkpoint is not fit to be opened
   */
  EncoderService open(ModelDeclaration declaration) throws IOException;

  /**
   * What the vectors of the encoder will be, if that can be told without opening it.
   *
   * @throws IOException if files cannot be read
   * @throws RuntimeException if the declaration or the checkpoint is not fit to be opened
   */
  default Optional<VectorIdentity> identify(ModelDeclaration declaration) throws IOException {
    return Optional.empty();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.TokenSpans;
import java.util.List;
import java.util.Optional;

/**
 * Turns texts into vectors. {@code Llm2Vec} is the one that runs a language model; the interface
 * stands for whatever a search engine is given, so that what is built on it can be tested without
 * one.
 *
 * <p>Implementations are thread-safe.
 */
public interface TextEncoder extends AutoCloseable {

  /** Length of every vector that {@link #encode} returns. */
  int dimensions();

  /**
   * Identity of everything that shapes a vector (weights, adapters, pooling, template, dimensions):
   * two encoders with equal fingerprints give the same vectors for the same input, up to rounding.
   * Lower-case hexadecimal.
   */
  String fingerprint();

  /**
   * Encodes texts.
   *
   * @param texts any number of texts, each possibly empty
   * @param prompt how to present them
   * @return one vector of {@link #dimensions()} floats per text, in the order of the texts; owned
   *     by the caller
   * @throws IllegalStateException if this encoder is closed
   */
  float[][] encode(List<String> texts, Prompt prompt);

  /**
   * The tokens of a text with their places, for those who cut long texts before they have them
   * encoded. Empty if this encoder does not tell.
   *
   * @param text at most {@link io.github.llm2vec.tokenizer.Tokenizer#MAX_CHARACTERS} long
   * @throws IllegalArgumentException if the text is longer
   */
  default Optional<TokenSpans> tokenSpans(String text) {
    return Optional.empty();
  }

  /** Encodes one text; see {@link #encode}. */
  default float[] encodeOne(String text, Prompt prompt) {
    return encode(List.of(text), prompt)[0];
  }

  /** Frees what the encoder holds; further calls fail, closing again does nothing. */
  @Override
  void close();
}

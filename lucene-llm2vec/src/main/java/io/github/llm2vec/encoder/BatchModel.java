/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.TokenSpans;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A model that is run in batches: texts become tokens on any thread, batches of tokens vectors on
 * one thread per device.
 */
public interface BatchModel extends AutoCloseable {

  /** Length of every vector. */
  int dimensions();

  /** Identity of everything that shapes a vector; see {@code TextEncoder}. */
  String fingerprint();

  /** How batches are laid out, for reckoning their cost. */
  BatchLayout layout();

  /**
   * An adapter that is open beside this model.
   *
   * @throws IllegalArgumentException if there is none of that name; the message says which there
   *     are
   */
  default Adapter adapter(String name) {
    throw Adapter.unknown(name, List.of());
  }

  /** The adapters that are open beside this model, by name. */
  default List<Adapter> adapters() {
    return List.of();
  }

  /** The tokens of a text with their places; see {@code TextEncoder}. Any thread. */
  default Optional<TokenSpans> tokenSpans(String text) {
    return Optional.empty();
  }

  /** What the model runs on. */
  default ModelFacts facts() {
    return ModelFacts.UNKNOWN;
  }

  /** Most tokens that may go through the model at once, unless a single text is longer. */
  int maxBatchTokens();

  /**
   * Brings a text before the model. Called from many threads at once.
   *
   * @throws RuntimeException if the text cannot be prepared; only this text then fails
   */
  TokenizedText tokenize(String text, Prompt prompt);

  /**
   * Brings texts before the model, several at once if that pays. Called from many threads at once.
   *
   * @return one result per text, in their order
   * @throws RuntimeException if any of them cannot be prepared
   */
  default List<TokenizedText> tokenizeAll(List<String> texts, Prompt prompt) {
    List<TokenizedText> tokenized = new ArrayList<>(texts.size());
    for (String text : texts) {
      tokenized.add(tokenize(text, prompt));
    }
    return tokenized;
  }

  /**
   * Runs a batch. Called from one thread at a time.
   *
   * @param texts at least one
   * @return {@code (B, dimensions)}, fresh arrays in the order of the texts
   * @throws DeviceOutOfMemoryException if a smaller batch may succeed
   * @throws RuntimeException if any of the texts makes the model fail; it stays usable
   */
  float[][] encode(List<TokenizedText> texts);

  /**
   * The devices that run this model's batches; unless a model says otherwise one, which does what
   * this model's own methods do.
   */
  default List<BatchDevice> devices() {
    return List.of(new OnlyDevice(this));
  }

  /**
   * Runs what the first texts would otherwise pay for. Vectors do not depend on it. Does nothing
   * unless a model says otherwise.
   *
   * @throws RuntimeException if a device fails; the model stays usable
   */
  default void warmUp() {}

  /** Frees the model. Not called while a batch runs. */
  @Override
  void close();
}

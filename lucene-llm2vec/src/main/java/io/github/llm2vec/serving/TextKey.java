/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.Prompt;
import java.util.Optional;

/**
 * Key of a text in the queue: what its vector depends on for one model.
 *
 * @param adapter that it was asked for with, empty for the base alone; one that was opened anew
 *     under the same name is another
 * @param prompt with the instruction that counts
 * @param text itself
 */
public record TextKey(Optional<Adapter> adapter, Prompt prompt, String text) {

  /** A text for the base alone. */
  public TextKey(Prompt prompt, String text) {
    this(Optional.empty(), prompt, text);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.io.IOException;
import java.util.Iterator;
import java.util.Optional;

/** An iterator over the texts to encode. */
@FunctionalInterface
public interface TextSource {

  /** The next text, or empty after the last. */
  Optional<String> next() throws IOException;

  /** The texts of a collection. */
  static TextSource of(Iterable<String> texts) {
    Iterator<String> iterator = texts.iterator();
    return () -> iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
  }
}

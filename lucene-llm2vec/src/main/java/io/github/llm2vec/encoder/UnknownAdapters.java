/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Collection;

/** What is said of an adapter that is not there. */
final class UnknownAdapters {

  private UnknownAdapters() {}

  static IllegalArgumentException error(String name, Collection<String> open) {
    return new IllegalArgumentException(
        "no adapter '%s' is open, %s"
            .formatted(name, open.isEmpty() ? "nor any other" : "only " + String.join(", ", open)));
  }
}

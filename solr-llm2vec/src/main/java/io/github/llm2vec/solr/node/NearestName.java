/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import java.util.Collection;
import java.util.Optional;

/** The library's {@link io.github.llm2vec.model.NearestName}, under the name it had here. */
public final class NearestName {

  private NearestName() {}

  /** See {@link io.github.llm2vec.model.NearestName#of}. */
  public static Optional<String> of(String name, Collection<String> known) {
    return io.github.llm2vec.model.NearestName.of(name, known);
  }

  /** See {@link io.github.llm2vec.model.NearestName#hint}. */
  public static String hint(String name, Collection<String> known) {
    return io.github.llm2vec.model.NearestName.hint(name, known);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.List;

/**
 * Settings of the encoding processor for one request.
 *
 * @param fields the vector fields, each once
 * @param limits how much waits to be encoded together
 * @param reuse whether vectors of unchanged texts are looked for
 * @param guarded whether the guard stands behind the distributed processor
 * @param tolerant whether a tolerant processor stands in front
 */
public record UpdateSettings(
    List<MappedField> fields,
    BufferLimits limits,
    boolean reuse,
    boolean guarded,
    boolean tolerant) {

  /** Copies the list. */
  public UpdateSettings {
    fields = List.copyOf(fields);
  }
}

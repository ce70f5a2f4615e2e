/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** Reads fields of JSON records leniently: numbers and booleans count as strings. */
final class RecordFields {

  private RecordFields() {}

  /** The value of a string, number or boolean; empty if it is missing, null, a list or object. */
  static Optional<String> scalar(ObjectNode record, String... names) {
    for (String name : names) {
      JsonNode value = record.get(name);
      if (value != null && value.isValueNode() && !value.isNull()) {
        return Optional.of(value.asText());
      }
    }
    return Optional.empty();
  }

  /** Whether a field holds a list or an object. */
  static boolean isNested(ObjectNode record, String name) {
    return record.has(name) && record.get(name).isContainerNode();
  }

  /** The id of a document or query: {@code _id}, or {@code id} as some exports have it. */
  static Optional<String> id(ObjectNode record) {
    return scalar(record, "_id", "id").filter(id -> !id.isEmpty());
  }

  /** White space of any kind, no-break spaces included, as Python has it. */
  static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }
}

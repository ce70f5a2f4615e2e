/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.files.NearestName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A JSON object of the models file: typed access to its keys, and messages that name its place.
 *
 * @param place where it stands
 * @param node the object
 * @param known the keys that it may have
 */
record JsonSection(String place, JsonNode node, Set<String> known) {

  JsonSection {
    if (!node.isObject()) {
      throw new IllegalArgumentException(place + ": expected a JSON object, found " + node);
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String key = entry.getKey();
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            place + ": unknown key \"" + key + "\"" + NearestName.hint(key, known));
      }
    }
  }

  String text(String key) {
    JsonNode value = node.path(key);
    return value.isMissingNode() ? "" : check(value, value.isTextual(), key, "a text").asText();
  }

  boolean flag(String key, boolean missing) {
    JsonNode value = node.path(key);
    return value.isMissingNode()
        ? missing
        : check(value, value.isBoolean(), key, "true or false").asBoolean();
  }

  long number(String key, long missing) {
    JsonNode value = node.path(key);
    return value.isMissingNode()
        ? missing
        : check(value, value.isIntegralNumber() && value.canConvertToLong(), key, "a whole number")
            .asLong();
  }

  int count(String key) {
    JsonNode value = node.path(key);
    return value.isMissingNode()
        ? 0
        : check(value, value.isIntegralNumber() && value.canConvertToInt(), key, "a whole number")
            .asInt();
  }

  List<String> texts(String key) {
    JsonNode value = node.path(key);
    List<String> texts = new ArrayList<>();
    if (!value.isMissingNode()) {
      check(value, value.isArray(), key, "a list of texts")
          .forEach(item -> texts.add(check(item, item.isTextual(), key, "texts").asText()));
    }
    return texts;
  }

  /** A text as a list of one, or a list of texts; empty if there is neither. */
  List<String> textOrTexts(String key) {
    JsonNode value = node.path(key);
    return value.isMissingNode() || value.isArray() ? texts(key) : List.of(text(key));
  }

  private JsonNode check(JsonNode value, boolean fits, String key, String expected) {
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: \"%s\" must be %s, found %s".formatted(place, key, expected, value));
    }
    return value;
  }
}

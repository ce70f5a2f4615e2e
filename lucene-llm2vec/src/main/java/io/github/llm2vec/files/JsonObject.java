/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A JSON object from somebody else's file. Every getter checks type and bounds and reports a wrong
 * value by file and key; {@code null} counts as absent, as in Hugging Face's files.
 */
public final class JsonObject {

  private final Path file;
  private final String prefix;
  private final JsonNode node;

  private JsonObject(Path file, String prefix, JsonNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
  }

  /**
   * Reads a file that must hold one JSON object.
   *
   * @throws ModelFormatException if it is too large, not UTF-8 or not a JSON object
   */
  public static JsonObject read(Path file) throws IOException {
    return parse(file, JsonFile.bytes(file));
  }

  /** An object without keys, in the place of a file that is not there. */
  public static JsonObject empty(Path file) {
    return new JsonObject(file, "", JsonNodeFactory.instance.objectNode());
  }

  /** A number of any size, or empty if absent. */
  public Optional<Double> number(String key) throws ModelFormatException {
    return typed(key, JsonNode::isNumber, "a number").map(JsonNode::doubleValue);
  }

  /** As {@link #read}, for bytes that are at hand; {@code file} only names them. */
  public static JsonObject parse(Path file, byte[] bytes) throws ModelFormatException {
    return new JsonObject(file, "", JsonFile.requireObject(file, JsonFile.tree(file, bytes)));
  }

  /** Reads a file that must hold a list of JSON objects. */
  public static List<JsonObject> readList(Path file) throws IOException {
    JsonNode root = JsonFile.tree(file, JsonFile.bytes(file));
    if (!root.isArray()) {
      throw new ModelFormatException(
          file, "must hold a JSON list, found " + JsonFile.kind(root), "Fetch the file again");
    }
    List<JsonObject> objects = new ArrayList<>();
    for (JsonNode element : root) {
      objects.add(
          new JsonObject(file, "[" + objects.size() + "].", JsonFile.requireObject(file, element)));
    }
    return objects;
  }

  /** The objects of a list, empty if absent. */
  public List<JsonObject> objects(String key) throws ModelFormatException {
    typed(key, JsonNode::isArray, "a list of objects");
    List<JsonObject> objects = new ArrayList<>();
    for (JsonNode element : node.path(key)) {
      String path = prefix + key + "[" + objects.size() + "].";
      objects.add(new JsonObject(file, path, JsonFile.requireObject(file, element)));
    }
    return objects;
  }

  /** The file this object comes from. */
  public Path file() {
    return file;
  }

  /** All keys, in the order of the file. */
  public Set<String> keys() {
    Set<String> keys = new LinkedHashSet<>();
    node.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  /** Whether there is a value other than null. */
  public boolean has(String key) {
    return node.hasNonNull(key);
  }

  /** Whether the key is there, be it with null: some configurations give null a meaning. */
  public boolean mentions(String key) {
    return node.has(key);
  }

  /** Whether there is a value other than null, false, "" and empty lists or objects. */
  public boolean isSet(String key) {
    JsonNode value = node.path(key);
    return switch (value.getNodeType()) {
      case MISSING, NULL -> false;
      case BOOLEAN -> value.booleanValue();
      case STRING -> !value.textValue().isEmpty();
      case ARRAY, OBJECT -> !value.isEmpty();
      default -> true;
    };
  }

  /** A whole number within bounds, or {@code fallback} if absent. */
  public int whole(String key, int fallback, int min, int max) throws ModelFormatException {
    return has(key) ? whole(key, node.get(key), min, max) : fallback;
  }

  /** A whole number within bounds, or empty if absent. */
  public Optional<Integer> whole(String key, int min, int max) throws ModelFormatException {
    return has(key) ? Optional.of(whole(key, node.get(key), min, max)) : Optional.empty();
  }

  /** A size in bytes, or empty if absent. */
  public Optional<Long> size(String key) throws ModelFormatException {
    Predicate<JsonNode> size =
        value -> value.isIntegralNumber() && value.canConvertToLong() && value.longValue() >= 0;
    return typed(key, size, "a whole number from 0 to 2^63-1").map(JsonNode::longValue);
  }

  private int whole(String key, JsonNode value, int min, int max) throws ModelFormatException {
    boolean whole = value.isIntegralNumber() && value.canConvertToInt();
    if (!whole || value.intValue() < min || value.intValue() > max) {
      throw wrong(key, "a whole number from " + min + " to " + max);
    }
    return value.intValue();
  }

  /** A whole number or a list of them, or an empty list if absent. */
  public List<Integer> wholes(String key, int min, int max) throws ModelFormatException {
    List<Integer> result = new ArrayList<>();
    JsonNode value = node.path(key);
    if (value.isArray()) {
      for (JsonNode element : value) {
        result.add(whole(key, element, min, max));
      }
    } else if (has(key)) {
      result.add(whole(key, value, min, max));
    }
    return List.copyOf(result);
  }

  /** A finite number in {@code (0, max]}, or empty if absent. */
  public Optional<Double> positive(String key, double max) throws ModelFormatException {
    return has(key) ? Optional.of(positive(key, node.get(key), max)) : Optional.empty();
  }

  private double positive(String key, JsonNode value, double max) throws ModelFormatException {
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number > 0 && number <= max)) {
      throw wrong(key, "a number above 0 and up to " + max);
    }
    return number;
  }

  /** A list of numbers in {@code (0, max]}. */
  public List<Double> positives(String key, double max) throws ModelFormatException {
    JsonNode value = node.path(key);
    if (!value.isArray()) {
      throw wrong(key, "a list of numbers");
    }
    List<Double> result = new ArrayList<>();
    for (JsonNode element : value) {
      result.add(positive(key, element, max));
    }
    return List.copyOf(result);
  }

  /** True or false, or empty if absent. */
  public Optional<Boolean> flag(String key) throws ModelFormatException {
    return typed(key, JsonNode::isBoolean, "true or false").map(JsonNode::booleanValue);
  }

  /** A string, or empty if absent. */
  public Optional<String> text(String key) throws ModelFormatException {
    return typed(key, JsonNode::isTextual, "a string").map(JsonNode::textValue);
  }

  /** Whether the value is a string, as opposed to a list or something else. */
  public boolean isText(String key) {
    return node.path(key).isTextual();
  }

  /** A list of strings, empty if absent. */
  public List<String> texts(String key) throws ModelFormatException {
    typed(key, JsonNode::isArray, "a list of strings");
    List<String> result = new ArrayList<>();
    for (JsonNode element : node.path(key)) {
      if (!element.isTextual()) {
        throw wrong(key, "a list of strings");
      }
      result.add(element.textValue());
    }
    return List.copyOf(result);
  }

  /** A map of strings in the order of the file, empty if absent. */
  public Map<String, String> textMap(String key) throws ModelFormatException {
    Map<String, String> result = new LinkedHashMap<>();
    Optional<JsonObject> object = object(key);
    if (object.isPresent()) {
      for (Map.Entry<String, JsonNode> entry : object.get().node.properties()) {
        if (!entry.getValue().isTextual()) {
          throw object.get().wrong(entry.getKey(), "a string");
        }
        result.put(entry.getKey(), entry.getValue().textValue());
      }
    }
    return result;
  }

  /** A nested object, or empty if absent. */
  public Optional<JsonObject> object(String key) throws ModelFormatException {
    return typed(key, JsonNode::isObject, "an object")
        .map(object -> new JsonObject(file, prefix + key + ".", object));
  }

  /** A value of one type, or empty if absent. */
  private Optional<JsonNode> typed(String key, Predicate<JsonNode> type, String expected)
      throws ModelFormatException {
    if (has(key) && !type.test(node.get(key))) {
      throw wrong(key, expected);
    }
    return has(key) ? Optional.of(node.get(key)) : Optional.empty();
  }

  /** Whether the value is an object. */
  public boolean isObject(String key) {
    return node.path(key).isObject();
  }

  /** Whether the value is a list. */
  public boolean isList(String key) {
    return node.path(key).isArray();
  }

  /**
   * Checks that there are no other keys, in a file whose format is ours to define.
   *
   * @throws ModelFormatException naming the key and the nearest known one
   */
  public void requireKnownKeys(List<String> known) throws ModelFormatException {
    for (String key : keys()) {
      if (!known.contains(key)) {
        throw unsupported(key, "is not a known key", NearestName.suggestion(key, known));
      }
    }
  }

  /** The value as JSON, shortened for messages. */
  public String shown(String key) {
    String text = node.path(key).toString();
    return text.length() > 80 ? text.substring(0, 77) + "..." : text;
  }

  /** An error about one value. */
  public ModelFormatException wrong(String key, String expected) {
    return unsupported(key, "must be " + expected + ", got " + shown(key), "Correct the file");
  }

  /** An error about one key, with its own wording. */
  public ModelFormatException unsupported(String key, String problem, String remedy) {
    return new ModelFormatException(file, "'" + prefix + key + "' " + problem, remedy);
  }
}

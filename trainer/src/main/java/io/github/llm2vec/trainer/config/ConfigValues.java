/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * Typed access to the values of a configuration: each is read once, validated, and recorded with
 * its default. What nobody asked for in the end is unknown; what was asked for makes up the
 * resolved configuration.
 */
final class ConfigValues {

  /**
   * A configuration that is refused. The message begins with the file or the option, and says what
   * was found, what is possible and what to do.
   */
  public static final class ConfigException extends IllegalArgumentException {

    @Serial private static final long serialVersionUID = 1L;

    ConfigException(String message) {
      super(message);
    }

    ConfigException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private final RawConfig raw;
  private final ObjectNode resolved = JsonNodeFactory.instance.objectNode();
  private final Set<String> read = new HashSet<>();
  private final List<String> notes = new ArrayList<>();

  ConfigValues(RawConfig raw) {
    this.raw = raw;
  }

  /** Whether a key has a value other than null. */
  boolean has(String key) {
    return node(key).isPresent();
  }

  boolean flag(String key, boolean fallback) {
    boolean value = node(key).map(node -> asFlag(key, node)).orElse(fallback);
    keep(key).put(key, value);
    return value;
  }

  /** A flag that is not false where nothing is said, but unsaid. */
  Optional<Boolean> optionalFlag(String key) {
    Optional<Boolean> value = node(key).map(node -> asFlag(key, node));
    keep(key).put(key, value.orElse(null));
    return value;
  }

  int whole(String key, int fallback, int least) {
    int value = node(key).map(node -> asWhole(key, node, least)).orElse(fallback);
    keep(key).put(key, value);
    return value;
  }

  OptionalInt optionalWhole(String key, int least) {
    Optional<Integer> value = node(key).map(node -> asWhole(key, node, least));
    keep(key).put(key, value.orElse(null));
    return value.map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  double decimal(String key, double fallback, Range range) {
    double value = node(key).map(node -> asDecimal(key, node, range)).orElse(fallback);
    keep(key).put(key, value);
    return value;
  }

  String text(String key, String fallback) {
    String value = optionalTextOf(key).orElse(fallback);
    keep(key).put(key, value);
    return value;
  }

  Optional<String> optionalText(String key) {
    Optional<String> value = optionalTextOf(key);
    keep(key).put(key, value.orElse(null));
    return value;
  }

  String requiredText(String key, String remedy) {
    String value =
        optionalTextOf(key)
            .orElseThrow(
                () ->
                    new ConfigException(raw.source() + ": key " + key + " is missing; " + remedy));
    keep(key).put(key, value);
    return value;
  }

  /** One of the constants of an enum, as {@link #choice(String, Enum, Function)}. */
  <E extends Enum<E> & NamedOption> E choice(String key, E fallback) {
    return choice(key, fallback, NamedOption::optionName);
  }

  /** One of an enum's constants by its spelling. */
  <E extends Enum<E>> E choice(String key, E fallback, Function<E, String> spelling) {
    E value =
        optionalTextOf(key).map(text -> asChoice(key, text, fallback, spelling)).orElse(fallback);
    keep(key).put(key, spelling.apply(value));
    return value;
  }

  /** A list of texts: a JSON array or one text, on a command line with commas between them. */
  List<String> texts(String key, List<String> fallback) {
    List<String> value = node(key).map(node -> asTexts(key, node)).orElse(fallback);
    value.forEach(keep(key).putArray(key)::add);
    return value;
  }

  /** A list of whole numbers: a JSON array, on a command line with commas between them. */
  List<Integer> wholes(String key, int least) {
    List<Integer> value =
        elements(key).stream().map(element -> asWhole(key, element, least)).toList();
    value.forEach(keep(key).putArray(key)::add);
    return value;
  }

  /** A list of numbers: a JSON array, on a command line with commas between them. */
  List<Double> decimals(String key, List<Double> fallback, Range range) {
    List<Double> value =
        has(key)
            ? elements(key).stream().map(element -> asDecimal(key, element, range)).toList()
            : fallback;
    value.forEach(keep(key).putArray(key)::add);
    return value;
  }

  private List<JsonNode> elements(String key) {
    Optional<JsonNode> node = node(key);
    if (node.isEmpty()) {
      return List.of();
    }
    if (fromCommandLine(key)) {
      return Arrays.stream(node.get().textValue().split(",", -1))
          .<JsonNode>map(text -> JsonNodeFactory.instance.textNode(text.strip()))
          .toList();
    }
    if (!node.get().isArray()) {
      throw unexpected(key, "a list of numbers", node.get());
    }
    return StreamSupport.stream(node.get().spliterator(), false).toList();
  }

  /** The value as JSON, which the caller must check. */
  Optional<JsonNode> json(String key) {
    Optional<JsonNode> value = node(key);
    keep(key).set(key, value.orElse(JsonNodeFactory.instance.nullNode()));
    return value;
  }

  /** The value of a key that is known but not part of the resolved configuration. */
  Optional<JsonNode> known(String key) {
    read.add(key);
    return node(key);
  }

  /** Something that whoever starts the run should know. */
  void note(String text) {
    notes.add(text);
  }

  /** A value that is not possible, as an exception to throw. */
  ConfigException invalid(String key, String problem) {
    RawConfig.Value value = raw.values().get(key);
    String place = value == null ? raw.source() + ": key " + key : value.place();
    return new ConfigException(place + ": " + problem);
  }

  /** The unread keys, which therefore mean nothing. */
  List<String> unread() {
    return raw.values().keySet().stream().filter(key -> !read.contains(key)).toList();
  }

  /** All keys that mean something. */
  Set<String> readable() {
    return Set.copyOf(read);
  }

  String place(String key) {
    return given(key).place();
  }

  String spelling(String key) {
    return given(key).spelling();
  }

  private RawConfig.Value given(String key) {
    return Objects.requireNonNull(raw.values().get(key), key);
  }

  ObjectNode resolved() {
    return resolved.deepCopy();
  }

  List<String> notes() {
    return List.copyOf(notes);
  }

  private Optional<JsonNode> node(String key) {
    RawConfig.Value value = raw.values().get(key);
    boolean absent =
        value == null
            || value.node().isNull()
            || (value.fromCommandLine() && "null".equals(value.node().textValue()));
    return absent ? Optional.empty() : Optional.of(given(key).node());
  }

  private ObjectNode keep(String key) {
    read.add(key);
    return resolved;
  }

  private boolean fromCommandLine(String key) {
    return given(key).fromCommandLine();
  }

  private ConfigException unexpected(String key, String expected, JsonNode found) {
    return invalid(key, "expected " + expected + ", found " + found);
  }

  private boolean asFlag(String key, JsonNode node) {
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (fromCommandLine(key)) {
      switch (node.textValue().toLowerCase(Locale.ROOT)) {
        case "true", "yes", "1", "on" -> {
          return true;
        }
        case "false", "no", "0", "off" -> {
          return false;
        }
        default -> {}
      }
    }
    throw unexpected(key, "true or false", node);
  }

  private int asWhole(String key, JsonNode node, int least) {
    double value = number(key, node, "a whole number");
    if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
      throw unexpected(key, "a whole number", node);
    }
    if (value < least) {
      throw unexpected(key, "a whole number of at least " + least, node);
    }
    return (int) value;
  }

  private double asDecimal(String key, JsonNode node, Range range) {
    double value = number(key, node, "a number");
    if (!range.contains(value)) {
      throw unexpected(key, range.description(), node);
    }
    return value;
  }

  private double number(String key, JsonNode node, String expected) {
    if (node.isNumber()) {
      return node.doubleValue();
    }
    if (fromCommandLine(key)) {
      try {
        return Double.parseDouble(node.textValue());
      } catch (NumberFormatException e) {
        throw unexpected(key, expected, node);
      }
    }
    throw unexpected(key, expected, node);
  }

  private Optional<String> optionalTextOf(String key) {
    return node(key)
        .map(
            node -> {
              if (!node.isTextual()) {
                throw unexpected(key, "a text in quotation marks", node);
              }
              return node.textValue();
            });
  }

  private <E extends Enum<E>> E asChoice(
      String key, String text, E example, Function<E, String> spelling) {
    E[] constants = example.getDeclaringClass().getEnumConstants();
    return Arrays.stream(constants)
        .filter(constant -> spelling.apply(constant).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                invalid(
                    key,
                    "expected one of %s, found \"%s\""
                        .formatted(
                            Arrays.stream(constants)
                                .map(spelling)
                                .collect(Collectors.joining(", ")),
                            text)));
  }

  private List<String> asTexts(String key, JsonNode node) {
    if (fromCommandLine(key)) {
      return Arrays.stream(node.textValue().split(",", -1)).map(String::strip).toList();
    }
    if (node.isTextual()) {
      return List.of(node.textValue());
    }
    boolean texts =
        node.isArray()
            && StreamSupport.stream(node.spliterator(), false).allMatch(JsonNode::isTextual);
    if (!texts) {
      throw unexpected(key, "a text or a list of texts", node);
    }
    return StreamSupport.stream(node.spliterator(), false).map(JsonNode::textValue).toList();
  }

  /**
   * The range of numbers that a key accepts.
   *
   * @param least the smallest
   * @param most the largest, which may be infinite
   * @param openBelow whether {@code least} itself is not possible
   * @param openAbove whether {@code most} itself is not possible
   */
  record Range(double least, double most, boolean openBelow, boolean openAbove) {

    static final Range NOT_NEGATIVE = new Range(0, Double.POSITIVE_INFINITY, false, true);
    static final Range POSITIVE = new Range(0, Double.POSITIVE_INFINITY, true, true);
    static final Range SHARE = new Range(0, 1, false, false);
    static final Range BELOW_ONE = new Range(0, 1, false, true);
    static final Range POSITIVE_SHARE = new Range(0, 1, true, false);

    boolean contains(double value) {
      boolean above = openBelow ? value > least : value >= least;
      boolean below = openAbove ? value < most : value <= most;
      return above && below;
    }

    String description() {
      String lower = (openBelow ? "above " : "of at least ") + plain(least);
      String upper = (openAbove ? " and below " : " and at most ") + plain(most);
      return "a number " + lower + (Double.isInfinite(most) ? "" : upper);
    }

    private static String plain(double value) {
      return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A map that came from another node: typed access to its keys.
 *
 * @param values as javabin gives them
 */
record Message(Map<?, ?> values) {

  /** Takes a value that should be a map. */
  static Message of(Object value) {
    if (value instanceof Message message) {
      return message;
    }
    if (value instanceof Map<?, ?> map) {
      return new Message(map);
    }
    throw new IllegalArgumentException("a message of a node must be a map, found " + type(value));
  }

  String text(String key) {
    return get(key, CharSequence.class).toString();
  }

  long number(String key) {
    return get(key, Number.class).longValue();
  }

  double decimal(String key) {
    return get(key, Number.class).doubleValue();
  }

  boolean flag(String key) {
    return get(key, Boolean.class);
  }

  Message map(String key) {
    return of(get(key, Map.class));
  }

  /** A map of texts; an empty one if the message has none, as those of earlier releases. */
  Map<String, String> texts(String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (values.containsKey(key)) {
      map(key).values.forEach((name, text) -> texts.put("" + name, "" + text));
    }
    return texts;
  }

  List<?> list(String key) {
    return get(key, List.class);
  }

  int[] integers(String key) {
    ByteBuffer bytes = ByteBuffer.wrap(get(key, byte[].class)).order(ByteOrder.LITTLE_ENDIAN);
    int[] integers = new int[bytes.remaining() / Integer.BYTES];
    bytes.asIntBuffer().get(integers);
    return integers;
  }

  static byte[] bytes(int[] integers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(integers.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(integers);
    return bytes.array();
  }

  static float[] floats(byte[] little) {
    if (little.length % Float.BYTES != 0) {
      throw new IllegalArgumentException(little.length + " bytes are no whole number of floats");
    }
    float[] floats = new float[little.length / Float.BYTES];
    ByteBuffer.wrap(little).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  static byte[] bytes(float[] floats) {
    ByteBuffer bytes =
        ByteBuffer.allocate(floats.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(floats);
    return bytes.array();
  }

  private <T> T get(String key, Class<T> type) {
    Object value = values.get(key);
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(
          "a message of a node needs a %s as '%s', found %s"
              .formatted(type.getSimpleName(), key, type(value)));
    }
    return type.cast(value);
  }

  // Values are not shown: they may be texts and vectors.
  private static String type(@Nullable Object value) {
    return value == null ? "nothing" : value.getClass().getSimpleName();
  }
}

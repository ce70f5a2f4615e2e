/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.vector;

import java.util.AbstractList;
import java.util.Collection;
import java.util.Map;
import java.util.RandomAccess;
import java.util.Set;
import org.apache.solr.common.SolrInputField;

/**
 * A vector as the list of numbers that Solr 9 takes for a vector field; it refuses {@code float[]}.
 * A view: the array is not copied and belongs to the list from then on.
 */
public final class FloatList extends AbstractList<Float> implements RandomAccess {

  private static final FloatList NONE = new FloatList(new float[0]);

  private final float[] values;

  /** Takes the numbers over. */
  public FloatList(float[] values) {
    this.values = values;
  }

  /**
   * The vector that a client sent, as it is or as the {@code set} of an atomic update; an empty one
   * if it is to be taken away.
   *
   * @throws IllegalArgumentException if it is no vector
   */
  public static FloatList of(SolrInputField field) {
    Object sent = field.getValue();
    if (sent instanceof Map<?, ?> operations && operations.keySet().equals(Set.of("set"))) {
      sent = operations.get("set");
    }
    if (sent == null) {
      return NONE;
    }
    // SolrJ 10 sends arrays as they are.
    if (sent instanceof float[] array) {
      return new FloatList(array.clone());
    }
    if (sent instanceof double[] array) {
      float[] values = new float[array.length];
      for (int i = 0; i < array.length; i++) {
        values[i] = (float) array[i];
      }
      return new FloatList(values);
    }
    if (!(sent instanceof Collection<?> numbers)) {
      throw new IllegalArgumentException(
          "a vector is a list of numbers, found " + VectorRedaction.of(String.valueOf(sent)));
    }
    float[] values = new float[numbers.size()];
    int i = 0;
    for (Object number : numbers) {
      values[i++] = number instanceof Number value ? value.floatValue() : parse(number);
    }
    return new FloatList(values);
  }

  /** The numbers themselves, no copy. */
  public float[] values() {
    return values;
  }

  private static float parse(Object number) {
    try {
      return Float.parseFloat(String.valueOf(number));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("a vector is a list of numbers, found " + number, e);
    }
  }

  @Override
  public Float get(int index) {
    return values[index];
  }

  @Override
  public int size() {
    return values.length;
  }
}

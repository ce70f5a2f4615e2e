/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.AbstractList;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.RandomAccess;
import org.apache.solr.common.SolrInputField;

/**
 * A vector as the list of numbers that Solr 9 takes for a vector field; it refuses {@code float[]}.
 * A view: the array is not copied and belongs to the list from then on.
 */
final class FloatList extends AbstractList<Float> implements RandomAccess {

  private static final FloatList NONE = new FloatList(new float[0]);

  private final float[] values;

  FloatList(float[] values) {
    this.values = values;
  }

  /**
   * The vector that a client sent, as it is or as the {@code set} of an atomic update; an empty one
   * if it is to be taken away. Nothing if it is no vector: Solr is going to say so.
   */
  static Optional<FloatList> of(SolrInputField field) {
    Object sent = field.getValue();
    if (sent instanceof Map<?, ?> operations) {
      if (!operations.containsKey("set")) {
        return Optional.empty();
      }
      sent = operations.get("set");
    }
    if (sent == null) {
      return Optional.of(NONE);
    }
    return sent instanceof Collection<?> numbers ? ofNumbers(numbers) : Optional.empty();
  }

  private static Optional<FloatList> ofNumbers(Collection<?> numbers) {
    float[] values = new float[numbers.size()];
    int i = 0;
    for (Object number : numbers) {
      if (number instanceof Number value) {
        values[i++] = value.floatValue();
      } else {
        try {
          values[i++] = Float.parseFloat(String.valueOf(number));
        } catch (NumberFormatException e) {
          // Solr refuses it where it makes the field of it, with its own message.
          return Optional.empty();
        }
      }
    }
    return Optional.of(new FloatList(values));
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

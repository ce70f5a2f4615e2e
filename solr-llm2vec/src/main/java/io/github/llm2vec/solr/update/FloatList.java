/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.AbstractList;
import java.util.RandomAccess;

/**
 * A vector as the list of numbers that Solr 9 takes for a vector field; it refuses {@code float[]}.
 * A view: the array is not copied and belongs to the list from then on.
 */
final class FloatList extends AbstractList<Float> implements RandomAccess {

  private final float[] values;

  FloatList(float[] values) {
    this.values = values;
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {

  private static List<Long> items(Sampler order) {
    return LongStream.range(0, order.size()).map(order::at).boxed().toList();
  }

  /** torch.randperm(10) after manual_seed(42), as make_random.py recorded it. */
  @Test
  void isTorchsOrder() {
    assertEquals(List.of(2L, 6L, 1L, 8L, 4L, 5L, 0L, 9L, 3L, 7L), items(Sampler.shuffled(10, 42)));
    assertEquals(items(Sampler.shuffled(10, 43)), items(Sampler.ofEpoch(10, 42, 1)));
  }

  @Test
  void leavesASequentialOrderAlone() {
    assertEquals(List.of(0L, 1L, 2L), items(Sampler.sequential(3)));
    assertEquals(0, Sampler.shuffled(0, 1).size());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 64, 65, 1000, 99_999})
  void aComputedOrderHasEveryItemOnce(int size) {
    BitSet seen = new BitSet();
    Sampler.Feistel order = new Sampler.Feistel(size, 5);
    items(order).forEach(item -> seen.set(Math.toIntExact(item)));
    assertEquals(size, seen.cardinality());
    assertEquals(size, seen.length());
  }

  @Test
  void aComputedOrderIsRandomAndDependsOnItsSeed() {
    List<Long> first = items(new Sampler.Feistel(10_000, 1));
    assertNotEquals(first, items(new Sampler.Feistel(10_000, 2)));
    assertEquals(first, items(new Sampler.Feistel(10_000, 1)));
    // Neighbours are a third of the size apart on average, and about one item stays in its place.
    double apart = 0;
    int fixed = 0;
    for (int i = 1; i < first.size(); i++) {
      apart += Math.abs(first.get(i) - first.get(i - 1));
      fixed += first.get(i) == i ? 1 : 0;
    }
    assertEquals(1.0 / 3, apart / first.size() / first.size(), 0.01);
    assertTrue(fixed < 10, fixed + " items did not move");
  }

  @Test
  void aComputedOrderReachesFarWithoutMemory() {
    Sampler.Feistel order = new Sampler.Feistel(50_000_000_000L, 3);
    for (long place = 0; place < 1000; place++) {
      long item = order.at(place * 49_999_999L);
      assertTrue(item >= 0 && item < order.size());
    }
    assertThrows(IndexOutOfBoundsException.class, () -> order.at(order.size()));
  }

  @Test
  void usesTheComputedOrderForManyItems() {
    assertTrue(Sampler.shuffled(Sampler.MAX_LISTED + 1L, 1) instanceof Sampler.Feistel);
  }
}

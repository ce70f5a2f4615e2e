/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HistogramTest {

  @Test
  void quantilesAreExactToAFifth() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    HistogramRecorder recorder = new HistogramRecorder();
    double[] values = new double[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.exp(3 * random.nextGaussian() + 2);
      recorder.record(values[i]);
    }
    Arrays.sort(values);
    Histogram histogram = recorder.snapshot();
    for (double part : new double[] {0.1, 0.5, 0.9, 0.99, 1}) {
      double exact = values[(int) Math.ceil(part * values.length) - 1];
      double found = histogram.quantile(part);
      // Values up to 0.01 share one bucket.
      assertTrue(found >= exact && found <= Math.max(0.01, 1.2 * exact), "seed " + seed);
    }
    assertEquals(Arrays.stream(values).sum(), histogram.sum(), 1e-6 * histogram.sum());
    assertEquals(values[values.length - 1], histogram.max());
    assertEquals(values.length, histogram.count());
  }

  @Test
  void holdsValuesOfAnySize() {
    HistogramRecorder recorder = new HistogramRecorder();
    recorder.record(0);
    recorder.record(1e12);
    Histogram histogram = recorder.snapshot();
    assertEquals(2, histogram.buckets().size());
    assertEquals(1e12, histogram.quantile(1));
    assertEquals(5e11, histogram.mean());
  }

  @Test
  void isZeroWithoutValues() {
    Histogram empty = new HistogramRecorder().snapshot();
    assertEquals(0, empty.quantile(0.99));
    assertEquals(0, empty.mean());
  }

  @Test
  void rejectsQuantilesThatAreNone() {
    assertThrows(
        IllegalArgumentException.class, () -> new HistogramRecorder().snapshot().quantile(99));
  }

  @Test
  void limitsMeetEachOther() {
    HistogramRecorder recorder = new HistogramRecorder();
    for (double value = 0.001; value < 1e6; value *= 1.05) {
      recorder.record(value);
    }
    double previous = 0;
    for (Histogram.Bucket bucket : recorder.snapshot().buckets()) {
      assertEquals(previous, bucket.above(), 1e-9 * previous);
      previous = bucket.upTo();
    }
  }
}

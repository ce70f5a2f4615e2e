/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RowProductsTest {

  @Test
  void multipliesLikeTheDefinition() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (MatrixProduct products = MatrixProduct.open(TorchDevice.CPU)) {
      for (int run = 0; run < 30; run++) {
        int rows = 1 + random.nextInt(run % 3 == 0 ? 3 : 70);
        int count = 1 + random.nextInt(300);
        int columns = 1 + random.nextInt(run % 2 == 0 ? 30 : 600);
        float[] one = floats(random, rows * columns);
        float[] other = floats(random, count * columns);
        float[] result = new float[rows * count + 1];
        try (MatrixProduct.Prepared prepared = products.prepare(one, columns)) {
          // In the middle of a larger buffer, as a block of a mapped file is.
          prepared.multiply(direct(other, run), count, result);
        }
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < count; j++) {
            double expected = 0;
            for (int k = 0; k < columns; k++) {
              expected += (double) one[i * columns + k] * other[j * columns + k];
            }
            assertEquals(
                expected,
                result[i * count + j],
                1e-5 * Math.sqrt(columns),
                "seed " + seed + ", run " + run + ", rows " + i + " and " + j);
          }
        }
        assertEquals(0, result[rows * count]);
      }
    }
  }

  private static float[] floats(Random random, int count) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = (float) random.nextGaussian();
    }
    return floats;
  }

  private static ByteBuffer direct(float[] floats, int before) {
    int bytes = floats.length * Float.BYTES;
    ByteBuffer all = ByteBuffer.allocateDirect(before * Float.BYTES + bytes + 8);
    ByteBuffer part = all.slice(before * Float.BYTES, bytes).order(ByteOrder.LITTLE_ENDIAN);
    part.asFloatBuffer().put(floats);
    return all.position(before * Float.BYTES).limit(before * Float.BYTES + bytes);
  }

  @Test
  void keepsSeveralMatricesApart() {
    try (MatrixProduct products = MatrixProduct.open(TorchDevice.CPU)) {
      MatrixProduct.Prepared first = products.prepare(new float[] {1, 0}, 2);
      MatrixProduct.Prepared second = products.prepare(new float[] {0, 1}, 2);
      float[] result = new float[1];
      ByteBuffer other = direct(new float[] {3, 5}, 0);
      second.multiply(other, 1, result);
      assertEquals(5, result[0]);
      second.close();
      first.multiply(other, 1, result);
      assertEquals(3, result[0]);
    }
  }

  @Test
  void refusesSizesThatDoNotFitAndUseAfterClosing() {
    MatrixProduct products = MatrixProduct.open(TorchDevice.CPU);
    MatrixProduct.Prepared prepared = products.prepare(new float[6], 3);
    ByteBuffer other = direct(new float[6], 0);
    float[] room = new float[4];
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> prepared.multiply(other, 1, room))
            .getMessage()
            .contains("1 rows of 3 floats, got 24 bytes"));
    ByteBuffer onHeap = ByteBuffer.allocate(24);
    assertThrows(IllegalArgumentException.class, () -> prepared.multiply(onHeap, 2, room));
    float[] small = new float[3];
    assertThrows(IllegalArgumentException.class, () -> prepared.multiply(other, 2, small));
    assertThrows(IllegalArgumentException.class, () -> products.prepare(new float[4], 3));
    products.close();
    assertThrows(IllegalStateException.class, () -> prepared.multiply(other, 2, room));
    prepared.close();
    products.close();
  }
}

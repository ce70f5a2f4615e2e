/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Random;

/**
 * Random unit vectors around random centres, like the topics of a collection. Evenly spread random
 * vectors would have no near neighbours at all.
 */
final class ClusteredVectors {

  private final Random random;
  private final float[][] centres;
  private final double spread;

  /**
   * @param seed of everything random
   * @param clusters number of centres
   * @param dimensions length of the vectors
   * @param spread length of a vector's deviation from its centre, which has length 1
   */
  ClusteredVectors(long seed, int clusters, int dimensions, double spread) {
    this.random = new Random(seed);
    this.spread = spread;
    this.centres = new float[clusters][];
    for (int i = 0; i < clusters; i++) {
      centres[i] = EncodedVectors.toUnitLength(gaussian(dimensions));
    }
  }

  /** The next vectors. */
  float[][] next(int count) {
    float[][] vectors = new float[count][];
    for (int i = 0; i < count; i++) {
      float[] centre = centres[random.nextInt(centres.length)];
      float[] vector = gaussian(centre.length);
      double scale = spread / Math.sqrt(centre.length);
      for (int j = 0; j < vector.length; j++) {
        vector[j] = (float) (centre[j] + vector[j] * scale);
      }
      vectors[i] = EncodedVectors.toUnitLength(vector);
    }
    return vectors;
  }

  private float[] gaussian(int dimensions) {
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }
}

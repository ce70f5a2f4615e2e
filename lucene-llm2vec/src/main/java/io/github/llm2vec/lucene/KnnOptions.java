/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/**
 * Options of a nearest-neighbour search: {@code k}, beam width, oversampling and least cosine.
 *
 * @param k hits to return
 * @param efSearch candidates that the walk through each segment's graph holds. Lucene takes {@code
 *     k} for it, which makes small {@code k} inaccurate; a wider beam finds more of the true
 *     neighbours and costs time in proportion
 * @param overfetch how many times {@code k} candidates of a quantised field are scored again from
 *     the full vectors, within {@code efSearch}; 1 keeps the quantised scores. A field of full
 *     floats has exact scores already and is never scored again
 * @param minCosine hits below this cosine are dropped; -1 keeps all
 */
public record KnnOptions(int k, int efSearch, int overfetch, float minCosine) {

  private static final int LEAST_EF_SEARCH = 200;
  private static final int DEFAULT_OVERFETCH = 5;
  private static final float ANY_COSINE = -1;

  /** Rejects values that cannot give {@code k} hits. */
  public KnnOptions {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, got " + k);
    }
    if (efSearch < k) {
      throw new IllegalArgumentException(
          "efSearch must be at least k = " + k + ", got " + efSearch);
    }
    if (overfetch < 1) {
      throw new IllegalArgumentException("overfetch must be at least 1, got " + overfetch);
    }
    // Written so that NaN fails too.
    if (!(minCosine >= -1 && minCosine <= 1)) {
      throw new IllegalArgumentException("minCosine must be between -1 and 1, got " + minCosine);
    }
  }

  /**
   * The {@code k} nearest with a beam of {@code 2 k}, at least 200, and quantised fields
   * over-fetched 5 times.
   */
  public static KnnOptions top(int k) {
    int efSearch = (int) Math.min(Integer.MAX_VALUE, Math.max(LEAST_EF_SEARCH, 2L * k));
    return new KnnOptions(k, efSearch, DEFAULT_OVERFETCH, ANY_COSINE);
  }

  /** These options with another beam. */
  public KnnOptions withEfSearch(int value) {
    return new KnnOptions(k, value, overfetch, minCosine);
  }

  /** These options with another factor of candidates that are scored again. */
  public KnnOptions withOverfetch(int value) {
    return new KnnOptions(k, efSearch, value, minCosine);
  }

  /** These options with a lower limit for the cosine of a hit. */
  public KnnOptions withMinCosine(float value) {
    return new KnnOptions(k, efSearch, overfetch, value);
  }

  /** Candidates of a quantised field that are scored again. */
  int candidates() {
    return (int) Math.min(efSearch, (long) k * overfetch);
  }
}

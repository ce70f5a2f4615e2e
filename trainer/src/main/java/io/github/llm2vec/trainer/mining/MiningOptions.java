/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

/**
 * Which texts become negatives.
 *
 * @param firstRank best rank of a negative among what is found, from 1, the query's own positives
 *     left out; the first hits often are answers, too
 * @param lastRank worst rank of a negative
 * @param mostAlike from 0 to 1: a text that shares this part of its words with a positive is no
 *     negative (Jaccard's index of the sets of words)
 * @param perQuery most negatives of a query; training takes one of them in each epoch
 * @param seed seed of the choice among the ranks
 */
public record MiningOptions(
    int firstRank, int lastRank, double mostAlike, int perQuery, long seed) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if no text could be chosen
   */
  public MiningOptions {
    if (firstRank < 1 || lastRank < firstRank) {
      throw new IllegalArgumentException(
          "ranks must rise from 1 or more, got " + firstRank + "-" + lastRank);
    }
    if (!(mostAlike > 0 && mostAlike <= 1)) {
      throw new IllegalArgumentException(
          "the part of words in common must be above 0 and at most 1, got " + mostAlike);
    }
    if (perQuery < 1) {
      throw new IllegalArgumentException("a query needs one negative or more, got " + perQuery);
    }
  }
}

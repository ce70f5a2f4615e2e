/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

/**
 * Precision, recall and F1, each 0 where it would divide by 0.
 *
 * @param precision share of the found spans that are right
 * @param recall share of the true spans that were found
 * @param f1 their harmonic mean
 * @param support number of true spans
 */
public record SpanScore(double precision, double recall, double f1, long support) {

  static SpanScore of(long right, long found, long support) {
    double precision = found == 0 ? 0 : (double) right / found;
    double recall = support == 0 ? 0 : (double) right / support;
    double sum = precision + recall;
    return new SpanScore(precision, recall, sum == 0 ? 0 : 2 * precision * recall / sum, support);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.List;

/**
 * The weighted sum of losses that draws a student's vectors to those of a teacher. With the
 * student's vectors {@code s_i} of the texts of a batch, the teacher's {@code t_i}, both cut to the
 * leading components of {@link MatryoshkaDims}:
 *
 * <ul>
 *   <li>cosine: the mean of {@code 1 - cos(s_i, t_i)};
 *   <li>squared error: the mean of {@code (s_ik - t_ik)^2} over texts and components;
 *   <li>similarity: the mean over rows of the Kullback-Leibler divergence of the softmax of the
 *       student's cosines, divided by a temperature, from that of the teacher's, whose vectors are
 *       not cut. Rows are the queries, over all documents of the batch; where there are no queries,
 *       all texts, over all others;
 *   <li>contrastive: the mean cross-entropy of the cosines {@code cos(s_i, t_j)} over all {@code
 *       j}, divided by a temperature, among which {@code t_i} is the right one.
 * </ul>
 *
 * @param cosine weight of the cosine loss
 * @param squaredError weight of the squared error
 * @param similarity weight of the similarity loss
 * @param contrastive weight of the contrastive loss
 * @param similarityTemperature what cosines are divided by in the similarity loss
 * @param contrastiveTemperature what cosines are divided by in the contrastive loss
 * @param normalize whether the student's vectors are scaled to length one before they are cut
 * @param dims the widths at which all of that is computed
 */
public record DistillationLoss(
    double cosine,
    double squaredError,
    double similarity,
    double contrastive,
    double similarityTemperature,
    double contrastiveTemperature,
    boolean normalize,
    MatryoshkaDims dims) {

  /** Rejects weights below zero or all zero, and temperatures that are not above zero. */
  public DistillationLoss {
    boolean weights = cosine >= 0 && squaredError >= 0 && similarity >= 0 && contrastive >= 0;
    if (!weights || cosine + squaredError + similarity + contrastive == 0) {
      throw new IllegalArgumentException(
          "the weights of the losses must be at least 0 and one of them above, got %s, %s, %s, %s"
              .formatted(cosine, squaredError, similarity, contrastive));
    }
    if (!(similarityTemperature > 0 && contrastiveTemperature > 0)) {
      throw new IllegalArgumentException(
          "temperatures must be above 0, got "
              + similarityTemperature
              + " and "
              + contrastiveTemperature);
    }
  }

  /**
   * How near a student's vectors are to a teacher's, on a batch, without dropout.
   *
   * @param loss the weighted sum
   * @param cosine mean cosine to the teacher's vectors; NaN if their widths differ
   */
  public record Score(double loss, double cosine) {}

  /** Whether a student's vectors are compared with a teacher's, which then share their width. */
  public boolean comparesVectors() {
    return cosine > 0 || squaredError > 0 || contrastive > 0;
  }

  /** What {@link DistillationScript} reads, in its order. */
  float[] numbers() {
    return new float[] {
      (float) cosine,
      (float) squaredError,
      (float) similarity,
      (float) contrastive,
      (float) (1 / similarityTemperature),
      (float) (1 / contrastiveTemperature),
      normalize ? 1 : 0
    };
  }

  /** Rejects texts and vectors of a teacher that do not fit each other or the student's width. */
  void check(List<PackedBatch> parts, int queries, float[][] teacher, int width) {
    int texts = parts.stream().mapToInt(PackedBatch::vectors).sum();
    if (texts != teacher.length || queries < 0 || (queries > 0 && queries >= texts)) {
      throw new IllegalArgumentException(
          "%s texts, %s of them queries, need as many vectors and a document, got %s vectors"
              .formatted(texts, queries, teacher.length));
    }
    dims.requireWithin(width);
    if (comparesVectors()) {
      dims.requireWithin(teacher[0].length);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * How near a student's vectors are to a teacher's, on a batch, without dropout.
 *
 * @param loss the {@link DistillationLoss}
 * @param cosine mean cosine to the teacher's vectors; NaN if their widths differ
 */
public record DistillationScore(double loss, double cosine) {}

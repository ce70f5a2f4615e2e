/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

/**
 * What an update was like.
 *
 * @param step its number, from 1
 * @param loss mean loss of its batches
 * @param gradientNorm norm of all gradients before they were limited
 * @param learningRate the rate it was made with
 * @param tokens tokens of its batches
 * @param seconds time it took
 */
public record StepMetrics(
    long step,
    double loss,
    double gradientNorm,
    double learningRate,
    long tokens,
    double seconds) {}

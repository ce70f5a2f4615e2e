/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

/**
 * What became of a file of pairs.
 *
 * @param pairs how many it has
 * @param drawn for how many nothing fitting was found, so that their negatives were drawn from all
 *     texts
 */
public record MiningReport(long pairs, long drawn) {}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Objects;

/**
 * Options of the vector format of a field: quantisation, graph parameters and dimensions. Nothing
 * of this has to be known to read the index again.
 *
 * @param quantization what the graph search compares
 * @param maxDimensions longest vector that the field takes; Lucene's own limit is 1024
 * @param hnswM links that a new node of the graph gets; more raise recall, memory and build time
 * @param beamWidth candidates held while a node's neighbours are looked for; more raise recall and
 *     build time
 * @param numMergeWorkers tasks into which the graph of a merge is cut, 1 for none
 */
public record VectorFormatOptions(
    VectorQuantization quantization,
    int maxDimensions,
    int hnswM,
    int beamWidth,
    int numMergeWorkers) {

  /** Full floats up to 16,384 dimensions with Lucene's own graph, merged by one thread. */
  public static final VectorFormatOptions DEFAULTS =
      new VectorFormatOptions(VectorQuantization.FLOAT32, 16_384, 16, 100, 1);

  private static final int LARGEST_M = 512;
  private static final int LARGEST_BEAM_WIDTH = 3200;

  /** Rejects values outside Lucene's limits. */
  public VectorFormatOptions {
    Objects.requireNonNull(quantization, "quantization");
    requireBetween("maxDimensions", maxDimensions, 1, Integer.MAX_VALUE);
    requireBetween("hnswM", hnswM, 1, LARGEST_M);
    requireBetween("beamWidth", beamWidth, 1, LARGEST_BEAM_WIDTH);
    requireBetween("numMergeWorkers", numMergeWorkers, 1, Integer.MAX_VALUE);
  }

  /** These options with another quantisation. */
  public VectorFormatOptions withQuantization(VectorQuantization value) {
    return new VectorFormatOptions(value, maxDimensions, hnswM, beamWidth, numMergeWorkers);
  }

  /** These options with another longest vector. */
  public VectorFormatOptions withMaxDimensions(int value) {
    return new VectorFormatOptions(quantization, value, hnswM, beamWidth, numMergeWorkers);
  }

  /** These options with another graph. */
  public VectorFormatOptions withGraph(int newHnswM, int newBeamWidth) {
    return new VectorFormatOptions(
        quantization, maxDimensions, newHnswM, newBeamWidth, numMergeWorkers);
  }

  /** These options with another number of merge workers. */
  public VectorFormatOptions withNumMergeWorkers(int value) {
    return new VectorFormatOptions(quantization, maxDimensions, hnswM, beamWidth, value);
  }

  private static void requireBetween(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be between " + least + " and " + most + ", got " + value);
    }
  }
}

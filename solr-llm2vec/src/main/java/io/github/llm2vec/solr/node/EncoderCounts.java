/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

/**
 * What an encoder has done.
 *
 * @param documents document texts that became vectors
 * @param queries query texts that became vectors
 * @param cachedQueries texts whose vector was still there or under way for somebody else
 * @param failedCalls texts, or calls of an encoder without a queue, that got no vector
 */
public record EncoderCounts(long documents, long queries, long cachedQueries, long failedCalls) {

  static final EncoderCounts NONE = new EncoderCounts(0, 0, 0, 0);

  /** The sum of both. */
  EncoderCounts plus(EncoderCounts other) {
    return new EncoderCounts(
        documents + other.documents,
        queries + other.queries,
        cachedQueries + other.cachedQueries,
        failedCalls + other.failedCalls);
  }
}

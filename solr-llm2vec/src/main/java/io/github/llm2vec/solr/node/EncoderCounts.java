/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.ServingFigures;

/**
 * What encoders have done. Only ever grows, so the counts of a model that is opened anew go on
 * where those of the one before ended.
 *
 * @param documents document texts that became vectors
 * @param queries query texts that became vectors
 * @param cachedQueries texts whose vector was still there or under way for somebody else
 * @param failedCalls texts that got no vector
 * @param tokens of the texts
 * @param steps batches that the device ran
 * @param overloaded texts that were refused because the queue was full
 * @param missedDeadlines texts that were refused or dropped because of their deadline
 * @param outOfMemory batches that had to be split for want of memory
 */
public record EncoderCounts(
    long documents,
    long queries,
    long cachedQueries,
    long failedCalls,
    long tokens,
    long steps,
    long overloaded,
    long missedDeadlines,
    long outOfMemory) {

  static final EncoderCounts NONE = new EncoderCounts(0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** Of one encoder. */
  static EncoderCounts of(ServingFigures figures) {
    ServingFigures.Losses losses = figures.losses();
    return new EncoderCounts(
        figures.work().documents(),
        figures.work().queries(),
        figures.sharing().cacheHits() + figures.sharing().joined(),
        losses.failed() + losses.overloaded() + losses.deadlines(),
        figures.work().tokens(),
        figures.work().steps(),
        losses.overloaded(),
        losses.deadlines(),
        losses.outOfMemory());
  }

  /** The sum of both. */
  EncoderCounts plus(EncoderCounts other) {
    return new EncoderCounts(
        documents + other.documents,
        queries + other.queries,
        cachedQueries + other.cachedQueries,
        failedCalls + other.failedCalls,
        tokens + other.tokens,
        steps + other.steps,
        overloaded + other.overloaded,
        missedDeadlines + other.missedDeadlines,
        outOfMemory + other.outOfMemory);
  }
}

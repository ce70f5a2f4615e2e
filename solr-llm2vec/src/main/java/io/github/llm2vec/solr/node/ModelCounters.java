/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.metrics.ServingMetrics;

/**
 * Counters of what the encoders of a model have done. Only ever grows, so the counts of a model
 * that is opened anew go on where those of the one before ended.
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
public record ModelCounters(
    long documents,
    long queries,
    long cachedQueries,
    long failedCalls,
    long tokens,
    long steps,
    long overloaded,
    long missedDeadlines,
    long outOfMemory) {

  static final ModelCounters NONE = new ModelCounters(0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** Of one encoder. */
  static ModelCounters of(ServingMetrics metrics) {
    ServingMetrics.Losses losses = metrics.losses();
    return new ModelCounters(
        metrics.work().documents(),
        metrics.work().queries(),
        metrics.sharing().cacheHits() + metrics.sharing().joined(),
        losses.failed() + losses.overloaded() + losses.deadlines(),
        metrics.work().tokens(),
        metrics.work().steps(),
        losses.overloaded(),
        losses.deadlines(),
        losses.outOfMemory());
  }

  /** The sum of both. */
  ModelCounters plus(ModelCounters other) {
    return new ModelCounters(
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

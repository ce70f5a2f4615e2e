/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

/**
 * What a query for 10 documents costs in Lucene, one query at a time on one thread, and what it is
 * worth.
 *
 * @param label of the method
 * @param efSearch candidates of the walk through the graph; 0 if every vector is compared
 * @param medianMillis time that half of the queries stay below
 * @param p95Millis time that 95 of 100 queries stay below
 * @param ndcgAt10 mean over the queries
 * @param overlapAt10 mean share of the true 10 nearest that were found
 * @param queries how many were timed
 */
public record CostPoint(
    String label,
    int efSearch,
    double medianMillis,
    double p95Millis,
    double ndcgAt10,
    double overlapAt10,
    int queries) {}

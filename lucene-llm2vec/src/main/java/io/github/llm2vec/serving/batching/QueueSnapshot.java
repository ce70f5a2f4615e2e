/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import java.util.List;

/**
 * Immutable view of the queue from which a {@link BatchPolicy} chooses.
 *
 * @param queries the query lane in order of arrival
 * @param documents the oldest documents in order of arrival, as many as may be looked at
 * @param stepsSinceDocuments steps that queries began since the last step of documents
 * @param nowNanos the moment, on the service's clock
 */
public record QueueSnapshot(
    List<QueuedText> queries, List<QueuedText> documents, int stepsSinceDocuments, long nowNanos) {

  /** Copies the lists. */
  public QueueSnapshot {
    queries = List.copyOf(queries);
    documents = List.copyOf(documents);
  }

  public boolean isEmpty() {
    return queries.isEmpty() && documents.isEmpty();
  }
}

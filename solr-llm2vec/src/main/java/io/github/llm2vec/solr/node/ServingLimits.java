/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.ServingOptions;
import java.time.Duration;

/**
 * Batching options of a model, from the section {@code serving} of its declaration; 0 stands for
 * the default of {@link ServingOptions.Builder}, whose methods say what each means.
 *
 * @param queryStepMillis {@code query_step_ms}
 * @param documentStepMillis {@code document_step_ms}
 * @param queryBacklogMillis {@code query_backlog_ms}
 * @param documentBacklogMillis {@code document_backlog_ms}
 * @param maxBatchTokens {@code max_batch_tokens}
 */
public record ServingLimits(
    int queryStepMillis,
    int documentStepMillis,
    int queryBacklogMillis,
    int documentBacklogMillis,
    int maxBatchTokens) {

  /** Everything as by default. */
  public static final ServingLimits DEFAULTS = new ServingLimits(0, 0, 0, 0, 0);

  /** Rejects what is below 0. */
  public ServingLimits {
    if (Math.min(
            Math.min(Math.min(queryStepMillis, documentStepMillis), maxBatchTokens),
            Math.min(queryBacklogMillis, documentBacklogMillis))
        < 0) {
      throw new IllegalArgumentException("nothing of \"serving\" can be negative");
    }
  }

  ServingOptions toOptions() {
    ServingOptions.Builder options = ServingOptions.builder();
    if (queryStepMillis > 0) {
      options.queryStep(Duration.ofMillis(queryStepMillis));
    }
    if (documentStepMillis > 0) {
      options.documentStep(Duration.ofMillis(documentStepMillis));
      // Whoever wants shorter or longer steps than usual wants them in the same measure at night.
      options.quietDocumentStep(Duration.ofMillis(4L * documentStepMillis));
    }
    if (queryBacklogMillis > 0) {
      options.queryBacklog(Duration.ofMillis(queryBacklogMillis));
    }
    if (documentBacklogMillis > 0) {
      options.documentBacklog(Duration.ofMillis(documentBacklogMillis));
    }
    if (maxBatchTokens > 0) {
      options.maxBatchTokens(maxBatchTokens);
    }
    return options.build();
  }
}

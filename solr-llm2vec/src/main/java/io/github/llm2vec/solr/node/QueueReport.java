/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.Histogram;
import io.github.llm2vec.serving.ServingMetrics;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;

/** The figures of a queue as Solr writes answers. */
public final class QueueReport {

  private QueueReport() {}

  /** All figures, in the order in which a text meets what they tell of. */
  public static NamedList<Object> of(ServingMetrics metrics) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("queries", lane(metrics.queries()));
    report.add("documents", lane(metrics.documents()));
    report.add("work", work(metrics.work()));
    report.add("sharing", sharing(metrics.sharing()));
    report.add("losses", losses(metrics.losses()));
    ServingMetrics.Timings timings = metrics.timings();
    report.add("queryQueueMs", histogram(timings.queryQueue()));
    report.add("documentQueueMs", histogram(timings.documentQueue()));
    report.add("tokenizeMs", histogram(timings.tokenize()));
    report.add("stepMs", histogram(timings.step()));
    report.add("batchTokens", histogram(timings.batchTokens()));
    report.add("sizing", sizing(metrics.sizing()));
    return report;
  }

  private static NamedList<Object> lane(ServingMetrics.Lane lane) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("texts", lane.texts());
    report.add("tokens", lane.tokens());
    report.add("blockedCallers", lane.blockedCallers());
    return report;
  }

  private static NamedList<Object> work(ServingMetrics.Work work) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("queries", work.queries());
    report.add("documents", work.documents());
    report.add("tokens", work.tokens());
    report.add("steps", work.steps());
    report.add("tokensPerSecond", work.tokensPerSecond());
    report.add("busy", work.busy());
    report.add("lengthSpread", work.paddingWaste());
    return report;
  }

  private static NamedList<Object> sharing(ServingMetrics.Sharing sharing) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("cacheHits", sharing.cacheHits());
    report.add("cacheMisses", sharing.cacheMisses());
    report.add("joined", sharing.joined());
    return report;
  }

  private static NamedList<Object> losses(ServingMetrics.Losses losses) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("overloaded", losses.overloaded());
    report.add("deadlines", losses.deadlines());
    report.add("cancelled", losses.cancelled());
    report.add("failed", losses.failed());
    report.add("outOfMemory", losses.outOfMemory());
    return report;
  }

  private static NamedList<Object> sizing(ServingMetrics.Sizing sizing) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("maxBatchTokens", sizing.maxBatchTokens());
    report.add("queryStepMs", sizing.queryStepMillis());
    report.add("documentStepMs", sizing.documentStepMillis());
    report.add("fixedMs", sizing.cost().fixedMillis());
    report.add("msPerToken", sizing.cost().millisPerToken());
    return report;
  }

  private static NamedList<Object> histogram(Histogram histogram) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("count", histogram.count());
    report.add("mean", histogram.mean());
    report.add("p50", histogram.quantile(0.5));
    report.add("p95", histogram.quantile(0.95));
    report.add("p99", histogram.quantile(0.99));
    report.add("max", histogram.max());
    return report;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.metrics.Histogram;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * Names and kinds of the metrics of a model, and how they are read from its status. Knows nothing
 * of registries.
 */
final class ModelMetrics {

  private static final Histogram EMPTY = new Histogram(List.of(), 0, 0, 0);

  private ModelMetrics() {}

  /** What only grows while the node runs, reloads of the model included. */
  static Map<String, ToLongFunction<ModelStatus>> counters() {
    Map<String, ToLongFunction<ModelStatus>> counters = new LinkedHashMap<>();
    counters.put("documents", status -> status.counts().documents());
    counters.put("queries", status -> status.counts().queries());
    counters.put("cachedQueries", status -> status.counts().cachedQueries());
    counters.put("failedCalls", status -> status.counts().failedCalls());
    counters.put("tokens", status -> status.counts().tokens());
    counters.put("steps", status -> status.counts().steps());
    counters.put("overloaded", status -> status.counts().overloaded());
    counters.put("missedDeadlines", status -> status.counts().missedDeadlines());
    counters.put("outOfMemory", status -> status.counts().outOfMemory());
    return counters;
  }

  /** What goes up and down; 0 of a queue while there is none. */
  static Map<String, ToDoubleFunction<ModelStatus>> gauges() {
    Map<String, ToDoubleFunction<ModelStatus>> gauges = new LinkedHashMap<>();
    gauges.put("ready", status -> status.state() == ModelState.READY ? 1 : 0);
    gauges.put("failed", status -> status.state() == ModelState.FAILED ? 1 : 0);
    gauges.put("cores", ModelStatus::cores);
    gauges.put("openModels", ModelStatus::openModels);
    gauges.put("devices", queue(queue -> queue.devices().size()));
    gauges.put("failedDevices", queue(ServingMetrics::failedDevices));
    gauges.put("tokensPerSecond", queue(queue -> queue.work().tokensPerSecond()));
    gauges.put("busy", queue(queue -> queue.work().busy()));
    gauges.put("waitingQueries", queue(queue -> queue.queries().texts()));
    gauges.put("waitingDocuments", queue(queue -> queue.documents().texts()));
    gauges.put("waitingTokens", queue(ModelMetrics::waitingTokens));
    gauges.put("blockedCallers", queue(queue -> queue.documents().blockedCallers()));
    gauges.put("queryQueueMsP50", queue(queue -> queue.timings().queryQueue().quantile(0.5)));
    gauges.put("queryQueueMsP99", queue(queue -> queue.timings().queryQueue().quantile(0.99)));
    gauges.put("stepMsP50", queue(queue -> queue.timings().step().quantile(0.5)));
    gauges.put("stepMsP99", queue(queue -> queue.timings().step().quantile(0.99)));
    gauges.put("batchTokensMean", queue(queue -> queue.timings().batchTokens().mean()));
    return gauges;
  }

  /** How values are spread, since the model was opened. */
  static Map<String, Function<ModelStatus, Histogram>> histograms() {
    Map<String, Function<ModelStatus, Histogram>> histograms = new LinkedHashMap<>();
    histograms.put("queryQueueMs", timing(ServingMetrics.Timings::queryQueue));
    histograms.put("documentQueueMs", timing(ServingMetrics.Timings::documentQueue));
    histograms.put("tokenizeMs", timing(ServingMetrics.Timings::tokenize));
    histograms.put("stepMs", timing(ServingMetrics.Timings::step));
    histograms.put("batchTokens", timing(ServingMetrics.Timings::batchTokens));
    return histograms;
  }

  private static double waitingTokens(ServingMetrics queue) {
    return (double) queue.queries().tokens() + queue.documents().tokens();
  }

  private static ToDoubleFunction<ModelStatus> queue(ToDoubleFunction<ServingMetrics> figure) {
    return status -> status.queue().map(figure::applyAsDouble).orElse(0.0);
  }

  private static Function<ModelStatus, Histogram> timing(
      Function<ServingMetrics.Timings, Histogram> histogram) {
    return status -> status.queue().map(queue -> histogram.apply(queue.timings())).orElse(EMPTY);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.ServingFigures;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What of a model's status goes into Solr's metrics, by name. Knows nothing of registries. */
final class NodeFigures {

  private NodeFigures() {}

  /** Figures by name; those of a queue are 0 while there is none. */
  static Map<String, ToDoubleFunction<ModelStatus>> all() {
    Map<String, ToDoubleFunction<ModelStatus>> figures = new LinkedHashMap<>();
    figures.put("ready", status -> status.state() == ModelState.READY ? 1 : 0);
    figures.put("failed", status -> status.state() == ModelState.FAILED ? 1 : 0);
    figures.put("cores", ModelStatus::cores);
    figures.put("openModels", ModelStatus::openModels);
    figures.put("documents", status -> status.counts().documents());
    figures.put("queries", status -> status.counts().queries());
    figures.put("cachedQueries", status -> status.counts().cachedQueries());
    figures.put("failedCalls", status -> status.counts().failedCalls());
    figures.put("tokens", queue(queue -> queue.work().tokens()));
    figures.put("steps", queue(queue -> queue.work().steps()));
    figures.put("tokensPerSecond", queue(queue -> queue.work().tokensPerSecond()));
    figures.put("busy", queue(queue -> queue.work().busy()));
    figures.put("waitingQueries", queue(queue -> queue.queries().texts()));
    figures.put("waitingDocuments", queue(queue -> queue.documents().texts()));
    figures.put("waitingTokens", queue(NodeFigures::waitingTokens));
    figures.put("blockedCallers", queue(queue -> queue.documents().blockedCallers()));
    figures.put("overloaded", queue(queue -> queue.losses().overloaded()));
    figures.put("missedDeadlines", queue(queue -> queue.losses().deadlines()));
    figures.put("outOfMemory", queue(queue -> queue.losses().outOfMemory()));
    figures.put("queryQueueMsP50", queue(queue -> queue.timings().queryQueue().quantile(0.5)));
    figures.put("queryQueueMsP99", queue(queue -> queue.timings().queryQueue().quantile(0.99)));
    figures.put("stepMsP50", queue(queue -> queue.timings().step().quantile(0.5)));
    figures.put("stepMsP99", queue(queue -> queue.timings().step().quantile(0.99)));
    figures.put("batchTokensMean", queue(queue -> queue.timings().batchTokens().mean()));
    return figures;
  }

  private static double waitingTokens(ServingFigures queue) {
    return (double) queue.queries().tokens() + queue.documents().tokens();
  }

  private static ToDoubleFunction<ModelStatus> queue(ToDoubleFunction<ServingFigures> figure) {
    return status -> status.queue().map(figure::applyAsDouble).orElse(0.0);
  }
}

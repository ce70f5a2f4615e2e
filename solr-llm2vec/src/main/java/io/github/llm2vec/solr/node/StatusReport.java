/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.serving.metrics.Histogram;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.remote.NodeStatus;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;

/** Writes the status of models and of their reloads into Solr responses. */
public final class StatusReport {

  private StatusReport() {}

  /** Everything that is known of a model. */
  public static NamedList<Object> of(ModelStatus status) {
    NamedList<Object> model = new SimpleOrderedMap<>();
    model.add("name", status.declaration().name());
    if (status.declaration().isHere()) {
      model.add("model", status.declaration().model());
    }
    model.add("state", status.state().name());
    if (!status.failure().isEmpty()) {
      model.add("failure", status.failure());
    }
    if (status.dimensions() > 0) {
      model.add("dimensions", status.dimensions());
      model.add("fingerprint", status.fingerprint());
    }
    if (!status.declaration().sameSpaceAs().isEmpty()) {
      model.add("sameSpaceAs", status.declaration().sameSpaceAs());
    }
    if (!status.facts().device().isEmpty()) {
      model.add("device", status.facts().device());
      model.add("kernel", status.facts().kernel());
    }
    if (!status.facts().dtype().isEmpty()) {
      model.add("dtype", status.facts().dtype());
      model.add("tokenizer", status.facts().tokenizer());
    }
    if (!status.adapters().isEmpty()) {
      NamedList<Object> adapters = new SimpleOrderedMap<>();
      for (Adapter adapter : status.adapters()) {
        NamedList<Object> report = new SimpleOrderedMap<>();
        report.add("fingerprint", adapter.fingerprint());
        report.add("bytes", adapter.bytes());
        adapters.add(adapter.name(), report);
      }
      model.add("adapters", adapters);
    }
    model.add("cores", status.cores());
    model.add("documents", status.counts().documents());
    model.add("queries", status.counts().queries());
    model.add("cachedQueries", status.counts().cachedQueries());
    model.add("failedCalls", status.counts().failedCalls());
    model.add("openModels", status.openModels());
    status.reload().ifPresent(reload -> model.add("reload", of(reload)));
    if (status.served().queries() + status.served().documents() > 0) {
      NamedList<Object> served = new SimpleOrderedMap<>();
      served.add("queries", status.served().queries());
      served.add("documents", status.served().documents());
      model.add("encodedForOtherNodes", served);
    }
    status
        .declaration()
        .encoderNodes()
        .ifPresent(
            nodes ->
                model.add("encoderNodes", status.nodes().stream().map(StatusReport::of).toList()));
    status.queue().ifPresent(queue -> model.add("queue", of(queue)));
    return model;
  }

  private static NamedList<Object> of(NodeStatus node) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("node", node.node());
    report.add("state", node.state().name());
    if (!node.reason().isEmpty()) {
      report.add("reason", node.reason());
    }
    if (!node.identity().isEmpty()) {
      report.add("identity", node.identity());
    }
    report.add("underWay", node.underWay());
    report.add("queries", node.queries());
    report.add("documents", node.documents());
    report.add("failedCalls", node.failedCalls());
    report.add("queryQueueMs", node.load().queryMillis());
    report.add("documentQueueMs", node.load().documentMillis());
    return report;
  }

  /** What a reload was to do and what became of it. */
  public static NamedList<Object> of(Reload reload) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("number", reload.number());
    report.add("state", reload.state().name());
    report.add("started", reload.started().toString());
    if (!reload.took().isZero()) {
      report.add("tookMs", reload.took().toMillis());
    }
    reload.before().ifPresent(identity -> report.add("before", of(identity)));
    reload.after().ifPresent(identity -> report.add("after", of(identity)));
    if (!reload.failure().isEmpty()) {
      report.add("failure", reload.failure());
    }
    return report;
  }

  private static NamedList<Object> of(VectorIdentity identity) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("fingerprint", identity.fingerprint());
    report.add("dimensions", identity.dimensions());
    return report;
  }

  /** All metrics of a queue, in the order in which a text meets what they tell of. */
  private static NamedList<Object> of(ServingMetrics metrics) {
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
    NamedList<Object> devices = new SimpleOrderedMap<>();
    metrics.devices().forEach(device -> devices.add(device.name(), device(device)));
    report.add("devices", devices);
    return report;
  }

  private static NamedList<Object> device(ServingMetrics.Device device) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("state", device.failure().isEmpty() ? "WORKS" : "LEFT_OUT");
    if (!device.failure().isEmpty()) {
      report.add("failure", device.failure());
    }
    report.add("steps", device.steps());
    report.add("tokens", device.tokens());
    report.add("busy", device.busy());
    report.add("sizing", sizing(device.sizing()));
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

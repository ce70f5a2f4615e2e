/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.VectorIdentity;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;

/** The state of models and of their reloads as Solr writes answers. */
public final class StatusReport {

  private StatusReport() {}

  /** Everything that is known of a model. */
  public static NamedList<Object> of(ModelStatus status) {
    NamedList<Object> model = new SimpleOrderedMap<>();
    model.add("name", status.declaration().name());
    model.add("model", status.declaration().model());
    model.add("state", status.state().name());
    if (!status.failure().isEmpty()) {
      model.add("failure", status.failure());
    }
    if (status.dimensions() > 0) {
      model.add("dimensions", status.dimensions());
      model.add("fingerprint", status.fingerprint());
    }
    if (!status.facts().device().isEmpty()) {
      model.add("device", status.facts().device());
      model.add("dtype", status.facts().dtype());
      model.add("kernel", status.facts().kernel());
    }
    model.add("cores", status.cores());
    model.add("documents", status.counts().documents());
    model.add("queries", status.counts().queries());
    model.add("cachedQueries", status.counts().cachedQueries());
    model.add("failedCalls", status.counts().failedCalls());
    model.add("openModels", status.openModels());
    status.reload().ifPresent(reload -> model.add("reload", of(reload)));
    status.queue().ifPresent(queue -> model.add("queue", QueueReport.of(queue)));
    return model;
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
}

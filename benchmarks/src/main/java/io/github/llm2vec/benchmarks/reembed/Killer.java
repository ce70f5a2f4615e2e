/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.jspecify.annotations.Nullable;

/**
 * Ends processes by kill -9 while documents are encoded once more: the job twice, and every node
 * once.
 */
final class Killer implements Callable<@Nullable Void> {

  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final String JOB = "job";
  private static final List<PlannedKill> PLAN =
      List.of(
          new PlannedKill(0.12, JOB),
          new PlannedKill(0.25, SolrCluster.DATA_NODES.get(0)),
          new PlannedKill(0.45, SolrCluster.COORDINATOR),
          new PlannedKill(0.60, JOB),
          new PlannedKill(0.70, SolrCluster.DATA_NODES.get(1)));

  /** A time in which a process was gone or had not caught up. */
  record Kill(String what, double coverage, long from, long until) {

    boolean contains(long moment) {
      return from <= moment && moment <= until;
    }
  }

  /** What is to be killed, once so much is done. */
  private record PlannedKill(double coverage, String what) {}

  /** Says what happens. */
  @FunctionalInterface
  interface Notes {
    void note(String format, Object... values);
  }

  private final SolrCluster cluster;
  private final ReembedJob job;
  private final String collection;
  private final String done;
  private final Notes notes;
  private final List<Kill> kills = new CopyOnWriteArrayList<>();

  /**
   * @param done query for the documents that are done
   */
  Killer(SolrCluster cluster, ReembedJob job, String collection, String done, Notes notes) {
    this.cluster = cluster;
    this.job = job;
    this.collection = collection;
    this.done = done;
    this.notes = notes;
  }

  List<Kill> kills() {
    return List.copyOf(kills);
  }

  @Override
  public @Nullable Void call() throws Exception {
    for (PlannedKill planned : PLAN) {
      kill(planned);
    }
    return null;
  }

  private void kill(PlannedKill planned) throws Exception {
    double coverage = coverage();
    while (coverage < planned.coverage) {
      TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
      coverage = coverage();
    }
    long from = System.nanoTime();
    if (planned.what.equals(JOB)) {
      while (!job.kill()) {
        TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
      }
      kills.add(new Kill(JOB, coverage, from, from));
      notes.note("killed the job at %.0f %%", 100 * coverage);
      return;
    }
    String role = cluster.overseer().equals(planned.what) ? ", the overseer," : "";
    cluster.kill(planned.what);
    notes.note("killed %s%s at %.0f %%", planned.what, role, 100 * coverage);
    cluster.restart(planned.what);
    cluster.awaitActive(collection);
    Kill kill = new Kill(planned.what + role, coverage, from, System.nanoTime());
    kills.add(kill);
    notes.note("%s is back after %.0f s", planned.what, (kill.until - kill.from) / 1e9);
  }

  private double coverage() throws SolrServerException, IOException {
    return (double) count(done) / count("*:*");
  }

  private long count(String query) throws SolrServerException, IOException {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("q", query).set("rows", 0);
    return cluster.client().query(collection, params).getResults().getNumFound();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import io.github.llm2vec.solr.reembed.ReembedState.Phase;
import io.github.llm2vec.solr.reembed.ReembedState.Work;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;

/**
 * Work at the documents of a collection that goes on after the request which asked for it. It
 * encodes with a thread for each shard, which reads from the shard and sends updates to its leader,
 * so that the leaders encode side by side.
 */
final class ReembedJob {

  private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Tells the change as each shard that is active now sees it, by its name. */
  @FunctionalInterface
  interface Shards {

    /** Looks. */
    Map<String, ModelChange> now() throws IOException;
  }

  private final ReembedState begun;
  private final int batch;
  private final BooleanSupplier stop;
  private final Pacer pacer;
  private final ModelChange whole;
  private final Shards shards;
  private final Retry retry;
  private final long start = System.nanoTime();
  private final AtomicLong total = new AtomicLong();
  private final AtomicLong looked = new AtomicLong();
  private final Set<String> refused = new TreeSet<>();
  private volatile boolean over;

  /**
   * A job that has not begun.
   *
   * @param begun what is known of it while it runs
   * @param whole the change, of the whole collection
   * @param shards the change as each shard sees it; they may be split meanwhile
   * @param rate most documents in a second, 0 for any number
   * @param batch documents of a request
   * @param stop asks it to stop between two requests
   */
  ReembedJob(
      ReembedState begun,
      ModelChange whole,
      Shards shards,
      double rate,
      int batch,
      BooleanSupplier stop) {
    this.begun = begun;
    this.batch = batch;
    this.stop = stop;
    this.pacer = new Pacer(rate, System::nanoTime, TimeUnit.NANOSECONDS::sleep, stop);
    this.retry = Retry.of(pacer::pause, stop);
    this.whole = whole.patient(retry);
    this.shards = shards;
  }

  ReembedState begun() {
    return begun;
  }

  boolean isOver() {
    return over;
  }

  /** Says that what became of it is known everywhere. */
  void finish() {
    over = true;
  }

  /** Works until nothing is left, it is stopped or it fails. */
  ReembedState run() throws InterruptedException {
    try {
      String left = begun.work() == Work.ENCODE ? encode() : drop();
      return stop.getAsBoolean() ? begun.in(Phase.STOPPED, "") : begun.in(Phase.DONE, left);
    } catch (IOException | RuntimeException e) {
      return stop.getAsBoolean()
          ? begun.in(Phase.STOPPED, "")
          : begun.in(Phase.FAILED, String.valueOf(e.getMessage()));
    }
  }

  /** What is left to say of documents that have no vector. */
  private String encode() throws IOException, InterruptedException {
    Map<String, ModelChange> all = shards.now();
    Set<String> done;
    do {
      done = all.keySet();
      Optional<IOException> failure = encode(all.values());
      all = stop.getAsBoolean() ? all : shards.now();
      if (failure.isPresent() && all.keySet().equals(done)) {
        throw failure.get();
      }
      // A shard that was split may have failed, or left documents to those that it became.
    } while (!all.keySet().equals(done));
    return stop.getAsBoolean() ? "" : String.join("; ", whole.coverage().lines());
  }

  /** Encodes what the shards lack, side by side; what failed, if something did. */
  private Optional<IOException> encode(Collection<ModelChange> all) throws InterruptedException {
    total.set(looked.get());
    ExecutorService threads = Executors.newFixedThreadPool(all.size(), ReembedJobs::thread);
    try {
      List<Future<ReembedRun.Outcome>> parts =
          all.stream().map(shard -> threads.submit(() -> encode(shard.patient(retry)))).toList();
      for (Future<ReembedRun.Outcome> part : parts) {
        part.get();
      }
      return Optional.empty();
    } catch (ExecutionException e) {
      return Optional.of(
          e.getCause() instanceof IOException failure
              ? failure
              : new IOException(String.valueOf(e.getCause()), e));
    } finally {
      threads.shutdownNow();
    }
  }

  private ReembedRun.Outcome encode(ModelChange shard) throws IOException {
    ReembedRun.Progress progress =
        new ReembedRun.Progress() {
          @Override
          public void total(long documents) {
            total.addAndGet(documents);
          }

          @Override
          public void advance(long documents) {
            looked.addAndGet(documents);
          }
        };
    ReembedRun.Outcome outcome = shard.encode(batch, pacer, stop, progress);
    synchronized (refused) {
      refused.addAll(outcome.refused());
    }
    return outcome;
  }

  private String drop() throws IOException {
    return whole.drop(batch, pacer, stop) ? "" : "vectors are left; the same request goes on";
  }

  /** How far it is. */
  NamedList<Object> report() {
    NamedList<Object> report = new SimpleOrderedMap<>();
    if (begun.work() == Work.ENCODE) {
      double seconds = (System.nanoTime() - start) / NANOS;
      long done = looked.get();
      report.add("documents", done);
      report.add("total", total.get());
      report.add("documentsPerSecond", done / seconds);
      if (!over && done > 0) {
        report.add("secondsLeft", Math.max(0, total.get() - done) * seconds / done);
      }
      synchronized (refused) {
        report.add("refused", List.copyOf(refused));
      }
    }
    return report;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.ModifiableSolrParams;

/**
 * Searches at a fixed rate, whether or not earlier queries are answered (an open loop). What a
 * query took counts from the moment at which it was due, so that one that had to wait for others is
 * not taken for a fast one.
 */
final class QueryLoad implements AutoCloseable {

  /** Hits that each query must have. */
  static final int HITS = 10;

  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A query.
   *
   * @param due when it was to be sent, by {@link System#nanoTime}
   * @param nanos from then to its answer
   * @param failure what the client was told in the end, or empty
   */
  record Sample(long due, long nanos, Optional<String> failure) {}

  private final SolrClient client;
  private final String collection;
  private final String vectorField;
  private final IntFunction<String> texts;
  private final Queue<Sample> samples = new ConcurrentLinkedQueue<>();
  private final ExecutorService requests =
      Executors.newCachedThreadPool(run -> daemon(run, "query"));
  private final Thread clock;
  private volatile boolean over;

  /**
   * Starts to search.
   *
   * @param texts the text of each query, by its number
   */
  QueryLoad(
      SolrClient client,
      String collection,
      String vectorField,
      double perSecond,
      IntFunction<String> texts) {
    this.client = client;
    this.collection = collection;
    this.vectorField = vectorField;
    this.texts = texts;
    this.clock = daemon(() -> tick(perSecond), "queries");
    clock.start();
  }

  private static Thread daemon(Runnable run, String name) {
    Thread thread = new Thread(run, name);
    thread.setDaemon(true);
    return thread;
  }

  private void tick(double perSecond) {
    long start = System.nanoTime();
    for (int number = 0; !over; number++) {
      long due = start + (long) (number / perSecond * NANOS);
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      String text = texts.apply(number);
      if (!over) {
        requests.execute(() -> samples.add(search(client, collection, vectorField, text, due)));
      }
    }
  }

  /** Searches one after the other, before anything is measured. */
  static void warmUp(
      SolrClient client,
      String collection,
      String vectorField,
      int queries,
      IntFunction<String> texts) {
    for (int number = 0; number < queries; number++) {
      search(client, collection, vectorField, texts.apply(number), System.nanoTime());
    }
  }

  private static Sample search(
      SolrClient client, String collection, String vectorField, String text, long due) {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("q", "{!llm2vec f=%s topK=%s v=$qq}".formatted(vectorField, HITS));
    params.set("qq", text).set("rows", HITS).set("fl", "id,score");
    Optional<String> failure;
    try {
      int found = client.query(collection, params).getResults().size();
      failure = found == HITS ? Optional.empty() : Optional.of(found + " hits");
    } catch (SolrServerException | SolrException | IOException e) {
      failure = Optional.of(String.valueOf(e));
    }
    return new Sample(due, System.nanoTime() - due, failure);
  }

  /** Sends no more queries and waits for the answers of those under way. */
  List<Sample> stop() throws InterruptedException {
    over = true;
    clock.join();
    requests.shutdown();
    if (!requests.awaitTermination(2, TimeUnit.MINUTES)) {
      throw new IllegalStateException("queries hang");
    }
    return List.copyOf(samples);
  }

  @Override
  public void close() {
    over = true;
    requests.shutdown();
  }
}

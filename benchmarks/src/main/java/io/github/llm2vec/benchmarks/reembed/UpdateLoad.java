/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;

/**
 * Changes documents one after the other at a rate: new ones, whole ones anew, atomic updates of the
 * text and of another field, deletes. Knows what every document must be in the end, since each
 * change is sent again until it is acknowledged.
 */
final class UpdateLoad implements AutoCloseable {

  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int KINDS = 5;

  private final SolrClient client;
  private final String collection;
  private final Supplier<String> texts;
  private final Map<String, String> expected;
  private final List<String> changeable;
  private final Random random = new Random(7);
  private final Thread thread;
  private volatile boolean over;
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger sentAgain = new AtomicInteger();

  /**
   * Starts to update.
   *
   * @param texts new ones
   * @param expected texts of all documents by id; kept up to date
   * @param changeable ids of those that may be changed
   */
  UpdateLoad(
      SolrClient client,
      String collection,
      double perSecond,
      Supplier<String> texts,
      Map<String, String> expected,
      List<String> changeable) {
    this.client = client;
    this.collection = collection;
    this.texts = texts;
    this.expected = new LinkedHashMap<>(expected);
    this.changeable = new ArrayList<>(changeable);
    this.thread = new Thread(() -> run(perSecond), "updates");
    thread.setDaemon(true);
    thread.start();
  }

  private void run(double perSecond) {
    long due = System.nanoTime();
    for (int number = 0; !over; number++) {
      change(number);
      done.incrementAndGet();
      due = Math.max(due + (long) (NANOS / perSecond), System.nanoTime() - NANOS);
      for (long left = due - System.nanoTime(); left > 0 && !over; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  private void change(int number) {
    int place = random.nextInt(changeable.size());
    String id = changeable.get(place);
    String text = texts.get();
    UpdateRequest request = new UpdateRequest();
    switch (number % KINDS) {
      case 0 -> {
        String fresh = "new" + number;
        request.add(new SolrInputDocument("id", fresh, "text", text));
        send(request);
        expected.put(fresh, text);
        changeable.add(fresh);
      }
      case 1 -> {
        request.add(new SolrInputDocument("id", id, "text", text));
        send(request);
        expected.put(id, text);
      }
      case 2 -> {
        request.add(atomic(id, "text", text));
        send(request);
        expected.put(id, text);
      }
      case 3 -> {
        request.add(atomic(id, "number_i", number));
        send(request);
      }
      default -> {
        request.deleteById(id);
        send(request);
        expected.remove(id);
        changeable.set(place, changeable.get(changeable.size() - 1));
        changeable.remove(changeable.size() - 1);
      }
    }
  }

  private static SolrInputDocument atomic(String id, String field, Object value) {
    SolrInputDocument update = new SolrInputDocument("id", id);
    update.setField(field, Map.of("set", value));
    return update;
  }

  private void send(UpdateRequest request) {
    while (true) {
      try {
        request.process(client, collection);
        return;
      } catch (SolrServerException | SolrException | IOException e) {
        sentAgain.incrementAndGet();
        LockSupport.parkNanos(PAUSE);
      }
    }
  }

  /** Changes that were acknowledged. */
  int done() {
    return done.get();
  }

  /** Requests that failed and were sent again. */
  int sentAgain() {
    return sentAgain.get();
  }

  /** Ends it; what every document is now, by id. */
  Map<String, String> stop() throws InterruptedException {
    over = true;
    thread.join();
    return Map.copyOf(expected);
  }

  @Override
  public void close() {
    over = true;
  }
}

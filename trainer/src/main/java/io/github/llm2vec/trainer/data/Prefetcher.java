/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reads a stream ahead on a thread of its own, a few records at most, so that training never waits
 * for files and tokenizers. Records keep their order, and a failure appears where the record would
 * have. One thread may take records; closing stops the reading thread after the record it is at.
 *
 * <p>Owns the stream. The thread is never interrupted, because that would close the files it reads.
 *
 * @param <T> what a record is
 */
public final class Prefetcher<T> implements RecordStream<T> {

  private final RecordStream<T> source;
  private final int capacity;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<T> ready = new ArrayDeque<>();
  private boolean ended;
  private boolean closed;
  private Optional<Throwable> failure = Optional.empty();

  /**
   * Starts to read.
   *
   * @param source what is read
   * @param capacity most records that wait, at least one
   * @param threadName for lists of threads
   */
  public Prefetcher(RecordStream<T> source, int capacity, String threadName) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity must be >= 1, got " + capacity);
    }
    this.source = source;
    this.capacity = capacity;
    this.thread = new Thread(this::read, threadName);
    thread.setDaemon(true);
    thread.start();
  }

  private void read() {
    Optional<Throwable> failed = Optional.empty();
    try {
      Optional<T> record = source.next();
      while (record.isPresent() && put(record.get())) {
        record = source.next();
      }
    } catch (IOException | RuntimeException | Error e) {
      // Thrown again on the thread that takes the records.
      failed = Optional.of(e);
    }
    lock.lock();
    try {
      failure = failed;
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for room; false if nobody wants records any more. */
  private boolean put(T record) {
    lock.lock();
    try {
      while (ready.size() == capacity && !closed) {
        changed.awaitUninterruptibly();
      }
      if (closed) {
        return false;
      }
      ready.add(record);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<T> next() throws IOException {
    lock.lock();
    try {
      awaitRecord();
      if (closed) {
        throw new IOException("the data was closed");
      }
      if (!ready.isEmpty()) {
        changed.signalAll();
        return Optional.of(ready.remove());
      }
      rethrow();
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private void awaitRecord() throws InterruptedIOException {
    try {
      while (ready.isEmpty() && !ended && !closed) {
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for data");
    }
  }

  private void rethrow() throws IOException {
    if (failure.isEmpty()) {
      return;
    }
    Throwable e = failure.get();
    if (e instanceof IOException io) {
      throw io;
    }
    if (e instanceof RuntimeException runtime) {
      throw runtime;
    }
    throw new IllegalStateException("reading data failed: " + e, e);
  }

  /** Waits for the record that is being read, then closes the stream. */
  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      closed = true;
      ready.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the reading of data ended");
    }
    source.close();
  }
}

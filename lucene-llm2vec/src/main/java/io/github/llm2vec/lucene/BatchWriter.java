/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes one batch in the background while the next is encoded: adding a vector builds its part of
 * the graph, which would leave the encoder's device idle. At most one batch waits or is written.
 *
 * <p>Owns its thread; used by one thread.
 */
final class BatchWriter implements AutoCloseable {

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "llm2vec-index-writer"));
  private Future<IndexingProgress> running =
      CompletableFuture.completedFuture(IndexingProgress.NONE);

  /**
   * Waits for the batch before and hands over the next.
   *
   * @param batch writes and says what it has written
   * @return what the batch before has written
   * @throws IOException if the batch before failed; the next one is then not written
   */
  IndexingProgress submit(Callable<IndexingProgress> batch) throws IOException {
    IndexingProgress before = await();
    running = thread.submit(batch);
    return before;
  }

  /** Waits for the last batch and says what it has written. */
  IndexingProgress await() throws IOException {
    try {
      return running.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException failure = new InterruptedIOException("interrupted while indexing");
      failure.initCause(e);
      throw failure;
    } catch (ExecutionException e) {
      throw asThrown(e.getCause());
    }
  }

  private static IOException asThrown(@Nullable Throwable cause) {
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof IOException io ? io : new IOException(cause);
  }

  /** Lets a batch that is being written finish, so that the writer is not left half way. */
  @Override
  public void close() {
    thread.shutdown();
    boolean interrupted = false;
    while (!thread.isTerminated()) {
      try {
        thread.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

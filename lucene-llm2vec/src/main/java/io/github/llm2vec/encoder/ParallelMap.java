/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Applies a function to many values with the help of an executor. The calling thread works too and
 * only ever waits for pieces that another thread has begun, so a saturated executor cannot block
 * it.
 */
final class ParallelMap {

  /** Values handed out at once; below that, threads would cost more than they bring. */
  private static final int PIECE = 8;

  private ParallelMap() {}

  /**
   * Maps in order.
   *
   * @param parallelism most threads at once, the calling one included
   * @throws RuntimeException what the function threw, of the first piece that failed
   */
  static <A, B> List<B> map(
      List<A> values,
      Function<? super A, ? extends B> function,
      Executor executor,
      int parallelism) {
    int pieces = (values.size() + PIECE - 1) / PIECE;
    List<CompletableFuture<List<B>>> results = new ArrayList<>(pieces);
    for (int i = 0; i < pieces; i++) {
      results.add(new CompletableFuture<>());
    }
    AtomicInteger next = new AtomicInteger();
    Runnable worker =
        () -> {
          for (int i = next.getAndIncrement(); i < pieces; i = next.getAndIncrement()) {
            int end = Math.min(values.size(), (i + 1) * PIECE);
            mapPiece(values.subList(i * PIECE, end), function, results.get(i));
          }
        };
    for (int i = 1; i < Math.min(parallelism, pieces); i++) {
      try {
        executor.execute(worker);
      } catch (RejectedExecutionException e) {
        // The calling thread does the rest.
        break;
      }
    }
    worker.run();
    return join(results, values.size());
  }

  private static <A, B> void mapPiece(
      List<A> values,
      Function<? super A, ? extends B> function,
      CompletableFuture<List<B>> result) {
    try {
      List<B> mapped = new ArrayList<>(values.size());
      for (A value : values) {
        mapped.add(function.apply(value));
      }
      result.complete(mapped);
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
    }
  }

  private static <B> List<B> join(List<CompletableFuture<List<B>>> results, int size) {
    // All of them, so that no thread still works on the caller's values when this returns.
    CompletableFuture<?>[] all = results.toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(all).join();
    } catch (CompletionException e) {
      throw firstFailure(results, e);
    }
    List<B> joined = new ArrayList<>(size);
    results.forEach(result -> joined.addAll(result.join()));
    return joined;
  }

  private static <B> RuntimeException firstFailure(
      List<CompletableFuture<List<B>>> results, CompletionException failure) {
    for (CompletableFuture<List<B>> result : results) {
      try {
        result.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          return cause;
        }
        if (e.getCause() instanceof Error cause) {
          throw cause;
        }
        return e;
      }
    }
    return failure;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that tokenise beside the calling ones. */
public final class TokenizerThreads {

  private static final int MOST = 16;
  private static final long IDLE_SECONDS = 60;

  private TokenizerThreads() {}

  /**
   * How many threads tokenising may use: one less than the machine has processors, for the model's
   * sake, and from 1 to 16.
   */
  public static int parallelism(int processors) {
    return Math.max(1, Math.min(processors - 1, MOST));
  }

  /**
   * Starts a pool of daemon threads named {@code llm2vec-tokenizer-N}, which end when idle. The
   * caller shuts it down.
   */
  public static ExecutorService start(int processors) {
    return pool(parallelism(processors), "llm2vec-tokenizer-");
  }

  /**
   * Starts a pool of daemon threads that end when idle. The caller shuts it down.
   *
   * @param name of the threads, before their numbers
   */
  public static ExecutorService pool(int threads, String name) {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name + count.getAndIncrement());
              thread.setDaemon(true);
              // A web application's loader, inherited by chance, must not be held for ever.
              thread.setContextClassLoader(TokenizerThreads.class.getClassLoader());
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}

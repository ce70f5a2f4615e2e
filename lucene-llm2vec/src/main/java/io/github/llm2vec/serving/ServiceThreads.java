/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts the threads of a service: its workers, and a small pool that completes futures. */
final class ServiceThreads {

  /** Two, so that one callback that takes its time does not hold up all others. */
  private static final int COMPLETIONS = 2;

  private static final long IDLE_SECONDS = 60;

  private ServiceThreads() {}

  static void startWorkers(List<? extends Runnable> workers) {
    for (int i = 0; i < workers.size(); i++) {
      String suffix = workers.size() == 1 ? "" : "-" + i;
      thread(workers.get(i), "llm2vec-scheduler" + suffix).start();
    }
  }

  /** Daemon threads that end when idle. The caller shuts them down. */
  static ExecutorService startCompletions() {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            COMPLETIONS,
            COMPLETIONS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            // What it holds is bounded by what the queue let in.
            new LinkedBlockingQueue<>(),
            task -> thread(task, "llm2vec-completion-" + count.getAndIncrement()));
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  private static Thread thread(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    // A web application's loader, inherited by chance, must not be held for ever.
    thread.setContextClassLoader(ServiceThreads.class.getClassLoader());
    return thread;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.tokenizer.TokenizerThreads;
import java.util.List;
import java.util.concurrent.ExecutorService;

/** Starts the threads of a service: its workers, and a small pool that completes futures. */
final class ServiceThreads {

  /** Two, so that one callback that takes its time does not hold up all others. */
  private static final int COMPLETIONS = 2;

  private ServiceThreads() {}

  static void startWorkers(List<? extends Runnable> workers) {
    for (int i = 0; i < workers.size(); i++) {
      String suffix = workers.size() == 1 ? "" : "-" + i;
      Thread thread = new Thread(workers.get(i), "llm2vec-scheduler" + suffix);
      thread.setDaemon(true);
      // A web application's loader, inherited by chance, must not be held for ever.
      thread.setContextClassLoader(ServiceThreads.class.getClassLoader());
      thread.start();
    }
  }

  /** Daemon threads that end when idle. The caller shuts them down. */
  static ExecutorService startCompletions() {
    // What it holds is bounded by what the queue let in.
    return TokenizerThreads.pool(COMPLETIONS, "llm2vec-completion-");
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.djl;

import java.util.concurrent.Callable;

/**
 * Settings that must be in place before a class of DJL is loaded: no network access unless the user
 * asked for it, and a context class loader that sees DJL's resources. It names no class of DJL
 * itself, so that loading it loads nothing else.
 */
public final class DjlBootstrap {

  private static final String OFFLINE_PROPERTY = "ai.djl.offline";
  private static final String OFFLINE_VARIABLE = "DJL_OFFLINE";
  private static final String TRACKING = "OPT_OUT_TRACKING";
  private static final String GRAPH_OPTIMIZER = "ai.djl.pytorch.graph_optimizer";

  private DjlBootstrap() {}

  /**
   * Switches DJL's downloads and its usage call off, each unless the user has set it already, as
   * environment variable or as system property. Calling it again does nothing new.
   */
  public static void configure() {
    setIfAbsent(OFFLINE_PROPERTY, OFFLINE_VARIABLE);
    setIfAbsent(TRACKING, TRACKING);
    // The profiling executor compiles anew in the first calls of every shape and gains nothing
    // here.
    if (System.getProperty(GRAPH_OPTIMIZER) == null) {
      System.setProperty(GRAPH_OPTIMIZER, "false");
    }
  }

  /**
   * Runs something that touches DJL for the first time or makes it load a native library. DJL looks
   * its engines and natives up through the thread's context class loader; inside a search server's
   * plugin that loader does not see the plugin's jars, so ours takes its place for the call.
   *
   * @param action what to run, after {@link #configure()}
   * @return what the action returned
   * @throws Exception what the action threw
   */
  public static <T> T call(Callable<T> action) throws Exception {
    configure();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(DjlBootstrap.class.getClassLoader());
    try {
      return action.call();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static void setIfAbsent(String property, String variable) {
    if (System.getenv(variable) == null && System.getProperty(property) == null) {
      System.setProperty(property, "true");
    }
  }
}

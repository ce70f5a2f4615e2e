/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * What must be said to DJL before its first class is touched: no call home, no download at run
 * time. A value that the user has set stays.
 */
public final class DjlSettings {

  private DjlSettings() {}

  /** Sets the switches as system properties; doing so again changes nothing. */
  public static void apply() {
    setIfAbsent("OPT_OUT_TRACKING", "true");
    setIfAbsent("ai.djl.offline", "true");
    // The profiling executor recompiles in the first calls of every shape and gains nothing here.
    setIfAbsent("ai.djl.pytorch.graph_optimizer", "false");
  }

  private static void setIfAbsent(String key, String value) {
    String environment = key.startsWith("ai.djl.") ? "DJL_OFFLINE" : key;
    boolean inEnvironment = !key.contains("pytorch") && System.getenv(environment) != null;
    if (System.getProperty(key) == null && !inEnvironment) {
      System.setProperty(key, value);
    }
  }

  /**
   * Runs an action with this class's loader as the thread's context class loader, through which DJL
   * finds its engine and its native libraries.
   */
  public static void withOwnClassLoader(Runnable action) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(DjlSettings.class.getClassLoader());
    try {
      action.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}

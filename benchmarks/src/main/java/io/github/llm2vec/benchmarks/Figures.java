/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import java.util.Locale;

/** Prints what was measured. */
public final class Figures {

  private Figures() {}

  /** Numbers look alike in all locales. */
  public static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
  }
}

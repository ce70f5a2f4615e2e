/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.util.Locale;

/** Formats numbers for tables and charts, with a decimal point whatever the locale. */
public final class Numbers {

  private Numbers() {}

  /** A score between 0 and 1 in hundredths, as the literature prints it. */
  public static String percent(double score) {
    return Double.isFinite(score) ? format("%.2f", 100 * score) : "-";
  }

  /** A difference of scores in hundredths, with its sign. */
  public static String difference(double difference) {
    return Double.isFinite(difference) ? format("%+.2f", 100 * difference) : "-";
  }

  /** A probability. */
  public static String pValue(double p) {
    if (!Double.isFinite(p)) {
      return "-";
    }
    return p < 0.001 ? "<0.001" : format("%.3f", p);
  }

  /** A time, in the unit that suits it. */
  public static String seconds(double seconds) {
    if (seconds < 60) {
      return format("%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole < 3600
        ? format("%d:%02d min", whole / 60, whole % 60)
        : format("%d:%02d h", whole / 3600, whole % 3600 / 60);
  }

  /** Milliseconds without their unit. */
  public static String millis(double millis) {
    return format(millis < 1 ? "%.3f" : "%.2f", millis);
  }

  /** A number of things. */
  public static String count(long count) {
    return format("%,d", count);
  }

  /** A number as short as it can be told from its neighbours on an axis. */
  public static String tick(double value) {
    String text = format("%.6f", value);
    return text.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  /** As {@link String#format}, with a point whatever the user's language. */
  public static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}

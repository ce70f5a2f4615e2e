/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

/**
 * A builder of HTML and SVG that escapes text. What comes from outside goes through {@link
 * #escape}.
 */
public final class Markup {

  private final StringBuilder text = new StringBuilder();

  /** Appends markup as it is. */
  public Markup raw(String markup) {
    text.append(markup);
    return this;
  }

  /** Appends markup whose {@code %s} are filled with escaped values. */
  public Markup add(String markup, Object... values) {
    Object[] escaped = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      escaped[i] =
          values[i] instanceof Double number
              ? Numbers.format("%.1f", number)
              : escape(String.valueOf(values[i]));
    }
    text.append(Numbers.format(markup, escaped));
    return this;
  }

  /** A text in which nothing is taken for markup. */
  public static String escape(String value) {
    StringBuilder escaped = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        default -> escaped.append(c);
      }
    }
    return escaped.toString();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}

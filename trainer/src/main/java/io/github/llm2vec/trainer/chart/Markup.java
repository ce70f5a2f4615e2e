/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

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

  /** A self-contained HTML page: it loads nothing. */
  public static final class Page {

    private static final String STYLE = "page.css";

    private Page() {}

    /**
     * Writes a page.
     *
     * @param title for the window
     * @param heading above everything
     * @param subtitle below that; may be empty
     * @param body markup
     */
    public static String of(String title, String heading, String subtitle, Markup body) {
      Markup html = new Markup();
      html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
      html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
      html.add("<title>%s</title>\n", title);
      html.raw("<style>\n").raw(style()).raw("</style>\n</head>\n<body>\n<main>\n");
      html.add("<h1>%s</h1>\n<p class=\"subtitle\">%s</p>\n", heading, subtitle);
      return html.raw(body.toString()).raw("</main>\n</body>\n</html>\n").toString();
    }

    private static String style() {
      try (InputStream in = Page.class.getResourceAsStream(STYLE)) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException("the style of pages cannot be read; this is a bug", e);
      }
    }
  }
}

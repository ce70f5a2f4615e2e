/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** A self-contained HTML page: it loads nothing. */
public final class Page {

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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.util.Collection;
import java.util.List;

/** The markers of a line chart, which tell series apart without colour, and its legend. */
public final class Marks {

  /** Diamond, circle, square, two triangles, cross; around (0, 0). */
  private static final List<String> PATHS =
      List.of(
          "M0-6L6 0 0 6-6 0Z",
          "M-4.5 0A4.5 4.5 0 1 0 4.5 0 4.5 4.5 0 1 0-4.5 0Z",
          "M-4-4H4V4H-4Z",
          "M0-5L5 4H-5Z",
          "M0 5L5-4H-5Z",
          "M-5-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z");

  private Marks() {}

  /** The outline of a style's mark, as data of an SVG path. */
  public static String path(int style) {
    return PATHS.get(style % PATHS.size());
  }

  /**
   * Explains styles.
   *
   * @param names of all styles by their number
   * @param shown which of them to explain
   */
  public static String legend(List<String> names, Collection<String> shown) {
    Markup html = new Markup().raw("<p class=\"legend\">");
    for (int i = 0; i < names.size(); i++) {
      if (shown.contains(names.get(i))) {
        html.add(
            "<span><svg viewBox=\"-7 -7 14 14\" class=\"key\"><path class=\"mark s%s\""
                + " d=\"%s\"/></svg>%s</span>",
            i, path(i), names.get(i));
      }
    }
    return html.raw("</p>\n").toString();
  }
}

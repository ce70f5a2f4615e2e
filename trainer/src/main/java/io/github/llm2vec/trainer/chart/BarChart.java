/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.util.List;

/**
 * Horizontal bars in groups, as SVG: one group per task, one bar per method. Colours are classes
 * {@code s0}, {@code s1}, ... of the page that holds the chart.
 *
 * @param title what is shown, for those who do not see it
 * @param series names of the bars of a group
 * @param groups groups from top to bottom
 */
public record BarChart(String title, List<String> series, List<Group> groups) {

  private static final double WIDTH = 760;
  private static final double LEFT = 170;
  private static final double RIGHT = 56;
  private static final double TOP = 30;
  private static final double BAR = 13;
  private static final double GROUP_GAP = 14;
  private static final int LONGEST_LABEL = 24;

  /**
   * Bars that stand together.
   *
   * @param label of the group
   * @param values one per series, at least 0; NaN leaves the bar out
   */
  public record Group(String label, List<Double> values) {
    /** Copies. */
    public Group {
      values = List.copyOf(values);
    }
  }

  /** Copies. */
  public BarChart {
    series = List.copyOf(series);
    groups = List.copyOf(groups);
  }

  /** The chart. */
  public String svg() {
    double largest =
        groups.stream()
            .flatMap(group -> group.values().stream())
            .filter(Double::isFinite)
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(1);
    Axis axis = Axis.fromZero(largest);
    double height = TOP + groups.size() * groupHeight() + 8;
    Markup svg = new Markup();
    svg.add(
        "<svg viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\" class=\"chart\">\n",
        WIDTH, height, title);
    for (double tick : axis.ticks()) {
      double x = x(axis, tick);
      svg.add(
          "<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>",
          x, x, TOP - 6, height - 8);
      svg.add(
          "<text class=\"tick\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n",
          x, TOP - 12, Numbers.tick(tick));
    }
    for (int i = 0; i < groups.size(); i++) {
      group(svg, axis, groups.get(i), TOP + i * groupHeight());
    }
    return svg.raw("</svg>\n").toString();
  }

  private double groupHeight() {
    return series.size() * BAR + GROUP_GAP;
  }

  private static double x(Axis axis, double value) {
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT);
  }

  private void group(Markup svg, Axis axis, Group group, double top) {
    svg.add(
        "<text class=\"label\" x=\"%s\" y=\"%s\" text-anchor=\"end\">%s<title>%s</title></text>\n",
        LEFT - 10, top + series.size() * BAR / 2 + 4, shortened(group.label()), group.label());
    for (int s = 0; s < series.size(); s++) {
      double value = group.values().get(s);
      if (Double.isFinite(value)) {
        double y = top + s * BAR;
        double end = x(axis, value);
        svg.add(
            "<rect class=\"s%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\">"
                + "<title>%s, %s: %s</title></rect>",
            s,
            LEFT,
            y,
            end - LEFT,
            BAR - 2,
            group.label(),
            series.get(s),
            Numbers.percent(value / 100));
        svg.add(
            "<text class=\"value\" x=\"%s\" y=\"%s\">%s</text>\n",
            end + 5, y + BAR - 3, Numbers.percent(value / 100));
      }
    }
  }

  private static String shortened(String label) {
    return label.length() <= LONGEST_LABEL
        ? label
        : label.substring(0, LONGEST_LABEL - 1) + "\u2026";
  }
}

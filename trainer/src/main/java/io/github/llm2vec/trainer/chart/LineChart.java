/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.util.List;

/**
 * A line chart as SVG. Colours are classes {@code s0}, {@code s1}, ... of the page that holds the
 * chart; every series has a mark of its own, too, so that colour is not all that tells them apart.
 *
 * @param title what is shown, for those who do not see it
 * @param horizontal what the horizontal axis is
 * @param vertical what the vertical axis is
 * @param scale how the horizontal axis goes
 * @param series lines
 */
public record LineChart(
    String title, String horizontal, String vertical, Scale scale, List<Series> series) {

  private static final double WIDTH = 620;
  private static final double HEIGHT = 340;
  private static final double LEFT = 64;
  private static final double RIGHT = 24;
  private static final double TOP = 16;
  private static final double BOTTOM = 52;

  /** Points beyond which marks would cover the line. */
  private static final int MOST_MARKS = 60;

  /** How an axis goes. */
  public enum Scale {
    /** Equal steps are equal differences. */
    LINEAR,
    /** Equal steps are equal factors. */
    LOGARITHMIC
  }

  /**
   * A line.
   *
   * @param style number of its colour and mark
   * @param name for the legend and the tooltips
   * @param points in their order
   */
  public record Series(int style, String name, List<Point> points) {
    /** Copies. */
    public Series {
      points = List.copyOf(points);
    }
  }

  /**
   * A point.
   *
   * @param x above 0 on a logarithmic axis
   * @param y any
   * @param label for the tooltip
   */
  public record Point(double x, double y, String label) {}

  /** Copies. */
  public LineChart {
    series = List.copyOf(series);
    if (series.stream().allMatch(line -> line.points().isEmpty())) {
      throw new IllegalArgumentException("a chart needs at least one point");
    }
  }

  /** The chart. */
  public String svg() {
    List<Point> all = series.stream().flatMap(line -> line.points().stream()).toList();
    double least = all.stream().mapToDouble(Point::x).min().orElse(1);
    double most = all.stream().mapToDouble(Point::x).max().orElse(1);
    Axis x = scale == Scale.LINEAR ? Axis.around(least, most) : Axis.logarithmic(least, most);
    Axis y =
        Axis.around(
            all.stream().mapToDouble(Point::y).min().orElse(0),
            all.stream().mapToDouble(Point::y).max().orElse(1));
    Markup svg = new Markup();
    svg.add(
        "<svg viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\" class=\"chart\">\n",
        WIDTH, HEIGHT, title);
    axes(svg, x, y);
    for (Series line : series) {
      draw(svg, line, x, y);
    }
    return svg.raw("</svg>\n").toString();
  }

  private static double left(Axis axis, double value) {
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT);
  }

  private static double top(Axis axis, double value) {
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM);
  }

  private void axes(Markup svg, Axis x, Axis y) {
    for (double tick : y.ticks()) {
      svg.add(
          "<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>",
          LEFT, WIDTH - RIGHT, top(y, tick), top(y, tick));
      svg.add(
          "<text class=\"tick\" x=\"%s\" y=\"%s\" text-anchor=\"end\">%s</text>\n",
          LEFT - 8, top(y, tick) + 4, Numbers.tick(tick));
    }
    for (double tick : x.ticks()) {
      svg.add(
          "<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>",
          left(x, tick), left(x, tick), TOP, HEIGHT - BOTTOM);
      svg.add(
          "<text class=\"tick\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n",
          left(x, tick), HEIGHT - BOTTOM + 18, Numbers.tick(tick));
    }
    svg.add(
        "<text class=\"label\" x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n",
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, horizontal);
    svg.add(
        "<text class=\"label\" transform=\"translate(16 %s) rotate(-90)\""
            + " text-anchor=\"middle\">%s</text>\n",
        (TOP + HEIGHT - BOTTOM) / 2, vertical);
  }

  private static void draw(Markup svg, Series line, Axis x, Axis y) {
    Markup path = new Markup();
    for (Point point : line.points()) {
      path.add("%s,%s ", left(x, point.x()), top(y, point.y()));
    }
    svg.add("<polyline class=\"line s%s\" points=\"%s\"/>\n", line.style(), path);
    if (line.points().size() > MOST_MARKS) {
      return;
    }
    for (Point point : line.points()) {
      svg.add(
          "<path class=\"mark s%s\" transform=\"translate(%s %s)\" d=\"%s\"><title>%s</title>"
              + "</path>\n",
          line.style(),
          left(x, point.x()),
          top(y, point.y()),
          Marks.path(line.style()),
          line.name() + ", " + point.label());
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.chart;

import java.util.ArrayList;
import java.util.List;

/**
 * The axis of a chart: maps values to positions, with round numbers as ticks.
 *
 * @param least value at the start
 * @param most value at the end
 * @param logarithmic whether equal steps are equal factors
 */
record Axis(double least, double most, boolean logarithmic) {

  private static final int WANTED_TICKS = 5;

  /** An axis from 0 to a round number at or above the largest value; to 1 if none is above 0. */
  static Axis fromZero(double largest) {
    if (!(largest > 0)) {
      return new Axis(0, 1, false);
    }
    double step = step(largest);
    return new Axis(0, Math.ceil(largest / step - 1e-9) * step, false);
  }

  /** An axis around values, with some room. */
  static Axis around(double smallest, double largest) {
    double room = Math.max((largest - smallest) * 0.08, Math.max(Math.abs(largest) * 0.002, 1e-6));
    return new Axis(smallest - room, largest + room, false);
  }

  /** A logarithmic axis around values above 0. */
  static Axis logarithmic(double smallest, double largest) {
    return new Axis(smallest / 1.25, largest * 1.25, true);
  }

  /** Place of a value: 0 at the start, 1 at the end. */
  double place(double value) {
    return logarithmic
        ? Math.log(value / least) / Math.log(most / least)
        : (value - least) / (most - least);
  }

  /** Round values to mark. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      double[] steps = Math.log10(most / least) < 2 ? new double[] {1, 2, 5} : new double[] {1};
      for (int power = (int) Math.floor(Math.log10(least)); Math.pow(10, power) <= most; power++) {
        for (double step : steps) {
          addIfInside(ticks, step * Math.pow(10, power));
        }
      }
    } else {
      double step = step(most - least);
      for (long i = (long) Math.ceil(least / step - 1e-9); i * step <= most * (1 + 1e-9); i++) {
        ticks.add(i * step);
      }
    }
    return ticks;
  }

  private void addIfInside(List<Double> ticks, double value) {
    if (value >= least && value <= most) {
      ticks.add(value);
    }
  }

  /** 1, 2 or 5 times a power of 10, a few of which make the range. */
  private static double step(double range) {
    double rough = range / WANTED_TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double factor = rough / power;
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
  }
}

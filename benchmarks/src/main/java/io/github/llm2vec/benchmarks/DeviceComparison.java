/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import java.util.function.IntToLongFunction;
import picocli.CommandLine.Option;

/** Options of a comparison of one device with several, and the comparison: both in turns. */
final class DeviceComparison {

  @Option(names = "--one", defaultValue = "cpu", description = "The one device.")
  private String one;

  @Option(
      names = "--several",
      defaultValue = "cpu,cpu",
      description = "The devices beside it, commas between them.")
  private String several;

  @Option(names = "--threads", defaultValue = "1", description = "Threads of a CPU device.")
  private int threads;

  @Option(names = "--rounds", defaultValue = "5", description = "Turns; the median counts.")
  private int rounds;

  String one() {
    return one;
  }

  String several() {
    return several;
  }

  int threads() {
    return threads;
  }

  /**
   * Prints tokens per second of both in every round, and the medians of their ratios.
   *
   * @param alone does the work of a turn, counted from 0, on the one device and says how many
   *     tokens it was
   * @param together the same on the others
   */
  void run(IntToLongFunction alone, IntToLongFunction together) {
    Figures.print(
        "| round | %s tokens/s | cores used | %s tokens/s | cores used | ratio |%n"
            + "| ---: | ---: | ---: | ---: | ---: | ---: |%n",
        one, several);
    double[] ratios = new double[rounds];
    double[] perCore = new double[rounds];
    // The first turn warms up.
    for (int turn = 0; turn <= rounds; turn++) {
      Speed first = Speed.of(alone, turn);
      Speed second = Speed.of(together, turn);
      if (turn > 0) {
        double ratio = second.tokensPerSecond / first.tokensPerSecond;
        ratios[turn - 1] = ratio;
        perCore[turn - 1] = ratio * first.cores / second.cores;
        Figures.print(
            "| %d | %.0f | %.2f | %.0f | %.2f | %.2f |%n",
            turn, first.tokensPerSecond, first.cores, second.tokensPerSecond, second.cores, ratio);
      }
    }
    Figures.print(
        "%nmedian ratio %.2f; of the tokens per second of a core %.2f%n",
        ProcessUse.median(ratios), ProcessUse.median(perCore));
  }

  /**
   * How fast it was.
   *
   * @param cores that this process had on average: less than its threads where others want them
   */
  private record Speed(double tokensPerSecond, double cores) {

    static Speed of(IntToLongFunction work, int turn) {
      long start = System.nanoTime();
      long cpu = ProcessUse.cpuNanos();
      long tokens = work.applyAsLong(turn);
      double nanos = System.nanoTime() - start;
      return new Speed(tokens / (nanos / 1e9), (ProcessUse.cpuNanos() - cpu) / nanos);
    }
  }
}

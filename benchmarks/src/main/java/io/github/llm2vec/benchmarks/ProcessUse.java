/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.github.llm2vec.cli.model.BenchmarkCommand;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Figures of this process: memory, which Linux tells, time of the processors, medians of them. */
final class ProcessUse {

  private ProcessUse() {}

  /** Time that all threads together have run. */
  static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  /** The value in the middle, the upper one of two, which one disturbed round does not move. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Bytes in memory, or 0 where the system does not tell. */
  static long residentBytes() throws IOException {
    System.gc();
    return BenchmarkCommand.residentBytes();
  }
}

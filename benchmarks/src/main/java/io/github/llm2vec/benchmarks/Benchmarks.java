/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.benchmarks.reembed.ReembedBenchmark;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point: names the benchmarks. */
@Command(
    name = "benchmarks",
    description = "Measured runs of the encoder, of searches and of the trainer.",
    mixinStandardHelpOptions = true,
    subcommands = {
      AdaptersBenchmark.class,
      DeviceCheckBenchmark.class,
      DevicesBenchmark.class,
      EncoderBenchmark.class,
      ExactSearchBenchmark.class,
      RandomModelCommand.class,
      ReembedBenchmark.class,
      TrainingBenchmark.class,
      TrainingDevicesBenchmark.class,
      TrainingMemoryBenchmark.class
    })
public final class Benchmarks {

  private Benchmarks() {}

  /** Runs one benchmark. */
  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new Benchmarks())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(arguments));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.lucene.util.IOUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Tokens per second of a service on one device and on several, on the same texts in turns in one
 * run, and what the memory of the process grows by when each is opened.
 */
@Command(
    name = "devices",
    description = "One model on one device beside several.",
    mixinStandardHelpOptions = true)
final class DevicesBenchmark implements Callable<Integer> {

  @Option(names = "--one", defaultValue = "cpu", description = "The one device.")
  private String one;

  @Option(
      names = "--several",
      defaultValue = "cpu,cpu",
      description = "The devices beside it, commas between them.")
  private String several;

  @Option(names = "--threads", defaultValue = "1", description = "Threads of a CPU device.")
  private int threads;

  @Mixin private RandomEncoder encoder = new RandomEncoder(96, 2);

  @Option(names = "--dtype", defaultValue = "float32")
  private String dtype;

  @Option(names = "--rounds", defaultValue = "5", description = "Turns; the median counts.")
  private int rounds;

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      encoder.write(folder);
      List<String> lines = encoder.lines();
      Figures.print(
          "%s; random Llama, hidden %d, %d layers, %s; %d texts, %d threads per CPU device%n%n",
          TorchRuntime.describe(),
          encoder.model().hidden(),
          encoder.model().layers(),
          dtype,
          lines.size(),
          threads);
      long before = ProcessUse.residentBytes();
      try (EncoderService alone = open(folder, one)) {
        alone.encode(lines, Prompt.document());
        long first = ProcessUse.residentBytes();
        try (EncoderService together = open(folder, several)) {
          together.encode(lines, Prompt.document());
          long second = ProcessUse.residentBytes();
          compare(alone, together, lines);
          Figures.print(
              "%nresident memory: %d MB more with %s open, %d MB more with %s beside it%n",
              (first - before) >> 20, one, (second - first) >> 20, several);
        }
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private EncoderService open(Path folder, String devices) throws IOException {
    Llm2VecOptions options =
        Llm2VecOptions.builder()
            .dtype(DType.of(dtype))
            .devices(TorchDevice.listOf(devices))
            .threads(threads)
            .build();
    Llm2Vec model = Llm2Vec.open(ModelSource.of(folder.toString(), List.of(), Map.of()), options);
    return EncoderService.start(model, ServingOptions.defaults());
  }

  private void compare(EncoderService alone, EncoderService together, List<String> lines) {
    double[] ratios = new double[rounds];
    double[] perCore = new double[rounds];
    System.out.println(
        "| round | "
            + one
            + " tokens/s | cores used | "
            + several
            + " tokens/s | cores used | ratio |");
    System.out.println("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for (int round = 0; round < rounds; round++) {
      Speed first = speed(alone, lines);
      Speed second = speed(together, lines);
      ratios[round] = second.tokensPerSecond / first.tokensPerSecond;
      perCore[round] = ratios[round] * first.cores / second.cores;
      Figures.print(
          "| %d | %.0f | %.2f | %.0f | %.2f | %.2f |%n",
          round + 1,
          first.tokensPerSecond,
          first.cores,
          second.tokensPerSecond,
          second.cores,
          ratios[round]);
    }
    Figures.print(
        "%nmedian ratio %.2f; of the tokens per second of a core %.2f%n",
        ProcessUse.median(ratios), ProcessUse.median(perCore));
    for (ServingMetrics.Device device : together.metrics().devices()) {
      Figures.print("%s: %d steps, %d tokens%n", device.name(), device.steps(), device.tokens());
    }
  }

  /**
   * How fast it was.
   *
   * @param cores that this process had on average: less than its threads where others want them
   */
  private record Speed(double tokensPerSecond, double cores) {}

  private static Speed speed(EncoderService service, List<String> lines) {
    long tokens = service.metrics().work().tokens();
    long start = System.nanoTime();
    long cpu = ProcessUse.cpuNanos();
    service.encode(lines, Prompt.document());
    double nanos = System.nanoTime() - start;
    return new Speed(
        (service.metrics().work().tokens() - tokens) / (nanos / 1e9),
        (ProcessUse.cpuNanos() - cpu) / nanos);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.RandomWeights;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.LanguageModelHead;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.LoraOptions;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import io.github.llm2vec.torch.TrainDevices;
import io.github.llm2vec.torch.TrainOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.apache.lucene.util.IOUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Tokens per second of training steps on one device and on several, on the same batch in turns in
 * one run.
 */
@Command(
    name = "training-devices",
    description = "Training steps on one device beside several.",
    mixinStandardHelpOptions = true)
final class TrainingDevicesBenchmark implements Callable<Integer> {

  @Option(names = "--one", defaultValue = "cpu", description = "The one device.")
  private String one;

  @Option(
      names = "--several",
      defaultValue = "cpu,cpu",
      description = "The devices beside it, commas between them.")
  private String several;

  @Option(names = "--threads", defaultValue = "1", description = "Threads of a CPU device.")
  private int threads;

  @Option(names = "--hidden", defaultValue = "512", description = "Hidden size.")
  private int hidden;

  @Option(names = "--layers", defaultValue = "4", description = "Layers of the random model.")
  private int layers;

  @Option(names = "--length", defaultValue = "128", description = "Tokens of the longest text.")
  private int length;

  @Option(names = "--texts", defaultValue = "16", description = "Texts of a batch, or queries.")
  private int texts;

  @Option(names = "--objective", defaultValue = "mntp,contrastive", split = ",")
  private List<String> objectives;

  @Option(names = "--dropout", defaultValue = "0.05")
  private double dropout;

  @Option(names = "--rounds", defaultValue = "5", description = "Turns; the median counts.")
  private int rounds;

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      Path config = RandomLlama.small(hidden, layers).writeConfig(folder);
      Figures.print(
          "%s; random Llama, hidden %d, %d layers; LoRA rank 16, dropout %.2f;"
              + " %d threads per CPU device%n",
          TorchRuntime.describe(), hidden, layers, dropout, threads);
      for (String objective : objectives) {
        TrainingRows rows =
            objective.equals("mntp")
                ? TrainingRows.blocks(texts, length, RandomLlama.VOCABULARY)
                : TrainingRows.triples(texts, length, RandomLlama.VOCABULARY);
        TrainDevices alone = TrainDevices.of(List.of(TorchDevice.of(one)), OptionalInt.of(threads));
        TrainDevices together =
            TrainDevices.of(TorchDevice.listOf(several), OptionalInt.of(threads));
        Figures.print("%n%s, %d tokens a batch%n%n", objective, rows.tokens());
        try (DecoderTrainer first = open(config, rows, alone);
            DecoderTrainer second = open(config, rows, together)) {
          compare(first, second, rows);
        }
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private DecoderTrainer open(Path config, TrainingRows rows, TrainDevices devices)
      throws IOException {
    TrainOptions options =
        TrainOptions.of(
                new LoraOptions(16, 32, dropout, LoraOptions.ALL_TARGETS),
                rows.queries() == 0 ? LanguageModelHead.TIED : LanguageModelHead.NONE,
                length,
                42)
            .withDevices(devices);
    try (RandomWeights weights = RandomWeights.of(config, 1)) {
      return DecoderTrainer.open(
          DecoderConfig.read(config).spec().withCausal(false),
          CheckpointWeights.of(weights, "random weights"),
          options,
          LoadListener.NONE);
    }
  }

  private void compare(DecoderTrainer alone, DecoderTrainer together, TrainingRows rows) {
    Figures.print("| round | %s tokens/s | cores | %s tokens/s | cores | ratio |%n", one, several);
    Figures.print("| ---: | ---: | ---: | ---: | ---: | ---: |%n");
    double[] ratios = new double[rounds];
    double[] perCore = new double[rounds];
    // The first turn warms up.
    for (int round = -1; round < rounds; round++) {
      Speed first = speed(alone, rows, round + 2);
      Speed second = speed(together, rows, round + 2);
      if (round >= 0) {
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
    }
    Figures.print(
        "%nmedian ratio %.2f; of the tokens per second of a core %.2f%n",
        ProcessUse.median(ratios), ProcessUse.median(perCore));
  }

  /**
   * How fast a step was.
   *
   * @param cores that this process had on average: less than its threads where others want them
   */
  private record Speed(double tokensPerSecond, double cores) {}

  private static Speed speed(DecoderTrainer trainer, TrainingRows rows, int number) {
    long start = System.nanoTime();
    long cpu = ProcessUse.cpuNanos();
    TrainingBenchmark.step(trainer, rows, number);
    double nanos = System.nanoTime() - start;
    return new Speed(rows.tokens() / (nanos / 1e9), (ProcessUse.cpuNanos() - cpu) / nanos);
  }
}

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
import picocli.CommandLine.Mixin;
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

  @Mixin private DeviceComparison comparison = new DeviceComparison();

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

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      Path config = RandomLlama.small(hidden, layers).writeConfig(folder);
      Figures.print(
          "%s; random Llama, hidden %d, %d layers; LoRA rank 16, dropout %.2f;"
              + " %d threads per CPU device%n",
          TorchRuntime.describe(), hidden, layers, dropout, comparison.threads());
      for (String objective : objectives) {
        TrainingRows rows =
            objective.equals("mntp")
                ? TrainingRows.blocks(texts, length, RandomLlama.VOCABULARY)
                : TrainingRows.triples(texts, length, RandomLlama.VOCABULARY);
        TrainDevices alone = devices(comparison.one());
        TrainDevices together = devices(comparison.several());
        Figures.print("%n%s, %d tokens a batch%n%n", objective, rows.tokens());
        try (DecoderTrainer first = open(config, rows, alone);
            DecoderTrainer second = open(config, rows, together)) {
          comparison.run(turn -> step(first, rows, turn), turn -> step(second, rows, turn));
        }
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private TrainDevices devices(String list) {
    return TrainDevices.of(TorchDevice.listOf(list), OptionalInt.of(comparison.threads()));
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

  private static long step(DecoderTrainer trainer, TrainingRows rows, int turn) {
    TrainingBenchmark.step(trainer, rows, turn + 1);
    return rows.tokens();
  }
}

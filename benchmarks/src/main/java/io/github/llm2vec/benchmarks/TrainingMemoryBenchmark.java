/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.RandomWeights;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.LanguageModelHead;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.LoraOptions;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.torch.TrainOptions;
import io.github.llm2vec.torch.TrainingMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.lucene.util.IOUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Peak memory of one contrastive step above that of the loaded model, and its time: at once, with
 * layers computed again, and in parts with cached gradients. Run it once per row, because memory
 * that a process has had stays with it.
 */
@Command(
    name = "training-memory",
    description = "Peak memory of a contrastive training step.",
    mixinStandardHelpOptions = true)
final class TrainingMemoryBenchmark implements Callable<Integer> {

  @Option(names = "--hidden", defaultValue = "512", description = "Hidden size.")
  private int hidden;

  @Option(names = "--layers", defaultValue = "8", description = "Layers of the random model.")
  private int layers;

  @Option(names = "--length", defaultValue = "64", description = "Tokens of the longest text.")
  private int length;

  @Option(names = "--queries", defaultValue = "64", description = "Queries; 3 texts each.")
  private int queries;

  @Option(names = "--part", defaultValue = "0", description = "Texts of a part; 0 for all.")
  private int part;

  @Option(names = "--checkpointing", description = "Compute layers again in the backward pass.")
  private boolean checkpointing;

  @Override
  public Integer call() throws IOException {
    TrainingRows rows = TrainingRows.triples(queries, length, RandomLlama.VOCABULARY);
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      Path config = RandomLlama.small(hidden, layers).writeConfig(folder);
      TrainOptions options =
          TrainOptions.of(
                  new LoraOptions(16, 32, 0.05, LoraOptions.ALL_TARGETS),
                  LanguageModelHead.NONE,
                  length,
                  42)
              .withCheckpointingBeyond(checkpointing ? TrainOptions.ALWAYS : TrainOptions.NEVER);
      try (RandomWeights weights = RandomWeights.of(config, 1);
          DecoderTrainer trainer =
              DecoderTrainer.open(
                  DecoderConfig.read(config).spec().withCausal(false),
                  CheckpointWeights.of(weights, "random weights"),
                  options,
                  LoadListener.NONE)) {
        TrainingMemory memory =
            TrainingMemory.of(DecoderConfig.read(config).spec().withCausal(false), options);
        measure(trainer, rows, memory.perToken() / (1 << 20));
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private void measure(DecoderTrainer trainer, TrainingRows rows, double perToken)
      throws IOException {
    PeakMemory.reset();
    double before = PeakMemory.megabytes();
    long start = System.nanoTime();
    List<PackedBatch> parts = parts(rows);
    double loss =
        parts.size() == 1
            ? trainer.addContrastiveLoss(parts.get(0), queries, 50, 1)
            : trainer.addContrastiveLoss(parts, queries, 50, 1);
    double seconds = (System.nanoTime() - start) / 1e9;
    Figures.print(
        "| %d | %d | %s | %s | %.0f | %.0f | %.1f | %.4f |%n",
        queries,
        rows.tokens(),
        part == 0 ? "all" : Integer.toString(part),
        checkpointing ? "yes" : "no",
        PeakMemory.megabytes() - before,
        perToken * parts.stream().mapToInt(PackedBatch::tokens).max().orElseThrow(),
        seconds,
        loss);
  }

  private List<PackedBatch> parts(TrainingRows rows) {
    int texts = rows.ids().size();
    int size = part == 0 ? texts : part;
    List<PackedBatch> parts = new ArrayList<>();
    for (int from = 0; from < texts; from += size) {
      parts.add(rows.batch(from, Math.min(texts, from + size)));
    }
    return parts;
  }

  /** The most memory this process had resident since it was last asked, as Linux counts it. */
  static final class PeakMemory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path RESET = Path.of("/proc/self/clear_refs");

    private PeakMemory() {}

    /** Forgets the peak; what is resident now is the new one. */
    static void reset() throws IOException {
      Files.writeString(RESET, "5");
    }

    /** The peak in MB. */
    static double megabytes() throws IOException {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
      }
      throw new IOException(STATUS + " has no VmHWM; this needs Linux");
    }
  }
}

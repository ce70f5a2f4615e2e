/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.GemmThroughput;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import io.github.llm2vec.trainer.mteb.search.ExactSearch;
import io.github.llm2vec.trainer.mteb.search.JavaScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.ScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.TorchScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.VectorStore;
import io.github.llm2vec.trainer.mteb.search.VectorStoreBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The exact search of random vectors on disk against the fastest matrix product of this machine,
 * both measured by turns, because a shared machine is not equally fast at all times.
 */
@Command(
    name = "exact-search",
    description = "Exact search of vectors on disk, against one large matrix product.",
    mixinStandardHelpOptions = true)
final class ExactSearchBenchmark implements Callable<Integer> {

  private static final int SHARD = 1024;

  @Option(names = "--folder", required = true, description = "Takes the vectors; is used again.")
  private Path folder;

  @Option(names = "--documents", defaultValue = "100000")
  private int documents;

  @Option(names = "--queries", defaultValue = "512")
  private int queries;

  @Option(names = "--dimensions", defaultValue = "4096")
  private int dimensions;

  @Option(names = "--hits", defaultValue = "1000")
  private int hits;

  @Option(names = "--repeat", defaultValue = "3", description = "Turns; the best of each counts.")
  private int repeat;

  @Option(names = "--device", defaultValue = "cpu")
  private String device;

  @Option(names = "--java", description = "Measure the product in plain Java, too (once).")
  private boolean plainJava;

  @Override
  public Integer call() throws IOException {
    TorchDevice target = TorchDevice.of(device);
    VectorStore corpus = store("documents", documents);
    VectorStore asked = store("queries", queries);
    System.out.println(TorchRuntime.describe());
    Figures.print(
        "%,d vectors of %,d dimensions (%,d MB) and %,d queries in a heap of %,d MB%n",
        documents,
        dimensions,
        corpus.bytes() >> 20,
        queries,
        Runtime.getRuntime().maxMemory() >> 20);
    double ceiling = 0;
    double best = 0;
    try (ScoreBlocks blocks = TorchScoreBlocks.open(target)) {
      for (int turn = 0; turn < repeat; turn++) {
        ceiling =
            Math.max(ceiling, GemmThroughput.measure(DType.FLOAT32, target, 2048, 4096, 8192));
        best = Math.max(best, search(blocks, asked, corpus));
      }
    }
    Figures.print("large GEMM (torch.linear): %.0f GFLOP/s%n", ceiling);
    Figures.print("search, libtorch: %.0f GFLOP/s, %.0f%%%n", best, 100 * best / ceiling);
    if (plainJava) {
      try (ScoreBlocks blocks = new JavaScoreBlocks(Runtime.getRuntime().availableProcessors())) {
        double rate = search(blocks, asked, corpus);
        Figures.print("search, plain Java: %.0f GFLOP/s, %.0f%%%n", rate, 100 * rate / ceiling);
      }
    }
    return 0;
  }

  /** Everything is timed: reading vectors, multiplying, keeping the best hits. */
  private double search(ScoreBlocks blocks, VectorStore asked, VectorStore corpus)
      throws IOException {
    long start = System.nanoTime();
    new ExactSearch(blocks).search(asked, corpus, hits, percent -> {});
    double seconds = (System.nanoTime() - start) / 1e9;
    double rate = 2.0 * documents * queries * dimensions / seconds / 1e9;
    Figures.print("  %.2f s, %.0f GFLOP/s%n", seconds, rate);
    return rate;
  }

  private VectorStore store(String name, int count) throws IOException {
    AtomicInteger next = new AtomicInteger();
    return new VectorStoreBuilder(
            folder.resolve(name), new RandomVectors(dimensions), Prompt.document(), SHARD)
        .build(
            () ->
                next.get() < count ? Optional.of(name + next.getAndIncrement()) : Optional.empty(),
            (stored, fresh) -> {});
  }

  /** A vector per text that depends on the text alone. */
  private record RandomVectors(int dimensions) implements TextEncoder {

    @Override
    public String fingerprint() {
      return "0";
    }

    @Override
    public float[][] encode(List<String> texts, Prompt prompt) {
      float[][] vectors = new float[texts.size()][dimensions];
      for (int i = 0; i < vectors.length; i++) {
        SplittableRandom random = new SplittableRandom(texts.get(i).hashCode());
        for (int j = 0; j < dimensions; j += 4) {
          long bits = random.nextLong();
          for (int k = 0; k < 4 && j + k < dimensions; k++) {
            vectors[i][j + k] = (short) (bits >> (16 * k));
          }
        }
      }
      return vectors;
    }

    @Override
    public void close() {}
  }
}

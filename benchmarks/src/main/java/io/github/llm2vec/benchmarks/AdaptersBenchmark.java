/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.SafetensorsWriter.Tensor;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.apache.lucene.util.IOUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Tokens per second of texts of several adapters mixed in each batch, beside a model into which one
 * of them was merged, in turns in one run; what an adapter takes of memory and of time to open.
 */
@Command(
    name = "adapters",
    description = "Adapters beside a base, mixed, against a merged one.",
    mixinStandardHelpOptions = true)
final class AdaptersBenchmark implements Callable<Integer> {

  @Option(names = "--adapters", defaultValue = "8", description = "How many are mixed.")
  private int count;

  @Option(names = "--rank", defaultValue = "16", description = "Rank of each, on all layers.")
  private int rank;

  @Option(names = "--device", defaultValue = "cpu")
  private String device;

  @Option(names = "--dtype", defaultValue = "float32")
  private String dtype;

  @Mixin private RandomEncoder encoder = new RandomEncoder(64, 2);

  @Option(names = "--rounds", defaultValue = "5", description = "Turns; the median counts.")
  private int rounds;

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      Path base = folder.resolve("base");
      encoder.write(base);
      List<Path> adapters = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        adapters.add(writeAdapter(folder.resolve("adapter" + i), RandomLlama.layout(base), i));
      }
      List<String> lines = encoder.lines();
      Figures.print(
          "%s; random Llama, hidden %d, %d layers, %s; %d texts, %d adapters of rank %d%n%n",
          TorchRuntime.describe(),
          encoder.model().hidden(),
          encoder.model().layers(),
          dtype,
          lines.size(),
          count,
          rank);
      try (Llm2Vec merged = open(base, List.of(adapters.get(0).toString()));
          Llm2Vec mixed = open(base, List.of())) {
        List<Optional<Adapter>> beside = openBeside(mixed, adapters, base);
        compare(merged, mixed, beside, lines);
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private Llm2Vec open(Path base, List<String> adapters) throws IOException {
    Llm2VecOptions options =
        Llm2VecOptions.builder().dtype(DType.of(dtype)).devices(TorchDevice.listOf(device)).build();
    return Llm2Vec.open(ModelSource.of(base.toString(), adapters, Map.of()), options);
  }

  private List<Optional<Adapter>> openBeside(Llm2Vec model, List<Path> adapters, Path base)
      throws IOException {
    List<Optional<Adapter>> beside = new ArrayList<>();
    double[] millis = new double[adapters.size()];
    for (int i = 0; i < adapters.size(); i++) {
      long start = System.nanoTime();
      beside.add(Optional.of(model.openAdapter("a" + i, adapters.get(i).toString())));
      millis[i] = (System.nanoTime() - start) / 1e6;
    }
    long stored = Files.size(base.resolve("model.safetensors"));
    long bytes = beside.get(0).orElseThrow().bytes();
    // The file is in bfloat16.
    double weights = stored / 2.0 * DType.of(dtype).bytes();
    Figures.print(
        "an adapter: %.1f MB, %.2f %% of the base's %.0f MB; opened in %.0f ms (median)%n%n",
        bytes / 1e6, 100 * bytes / weights, weights / 1e6, ProcessUse.median(millis));
    return beside;
  }

  private void compare(
      Llm2Vec merged, Llm2Vec mixed, List<Optional<Adapter>> beside, List<String> lines) {
    List<TokenizedText> plain = merged.tokenizeAll(lines, Prompt.document());
    List<TokenizedText> chosen = new ArrayList<>();
    for (int i = 0; i < plain.size(); i++) {
      chosen.add(plain.get(i).with(beside.get(i % beside.size())));
    }
    long tokens = plain.stream().mapToLong(TokenizedText::length).sum();
    merged.encode(plain);
    mixed.encode(chosen);
    System.out.println("| round | merged tokens/s | mixed tokens/s | ratio |");
    System.out.println("| ---: | ---: | ---: | ---: |");
    double[] ratios = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      double first = seconds(merged, plain);
      double second = seconds(mixed, chosen);
      ratios[round] = first / second;
      Figures.print(
          "| %d | %.0f | %.0f | %.2f |%n",
          round + 1, tokens / first, tokens / second, ratios[round]);
    }
    Figures.print("%nmedian ratio %.2f%n", ProcessUse.median(ratios));
  }

  /** Of the processors' time where the model runs on them, so that other work does not count. */
  private double seconds(Llm2Vec model, List<TokenizedText> batch) {
    boolean cpu = device.startsWith("cpu");
    long start = cpu ? ProcessUse.cpuNanos() : System.nanoTime();
    model.encode(batch);
    return ((cpu ? ProcessUse.cpuNanos() : System.nanoTime()) - start) / 1e9;
  }

  private Path writeAdapter(Path folder, DecoderLayout layout, int seed) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("adapter_config.json"),
        """
        {"peft_type": "LORA", "r": %s, "lora_alpha": %s, "target_modules": "all-linear"}
        """
            .formatted(rank, 2 * rank));
    List<Tensor> tensors = new ArrayList<>();
    layout
        .linears()
        .forEach(
            (module, linear) -> {
              String name = "base_model.model." + module;
              tensors.add(matrix(name + ".lora_A.weight", rank, linear.in(), seed));
              tensors.add(matrix(name + ".lora_B.weight", linear.out(), rank, seed));
            });
    new SafetensorsWriter(DType.FLOAT32)
        .write(folder.resolve("adapter_model.safetensors"), tensors);
    return folder;
  }

  private static Tensor matrix(String name, int rows, int columns, int seed) {
    return new Tensor(
        name,
        List.of((long) rows, (long) columns),
        (first, target) -> {
          SplittableRandom random = new SplittableRandom(31L * seed + name.hashCode() + first);
          while (target.hasRemaining()) {
            // Uniform with the standard deviation 0.02 of a fresh Llama.
            target.put((float) ((random.nextDouble() - 0.5) * 0.0693));
          }
        });
  }
}

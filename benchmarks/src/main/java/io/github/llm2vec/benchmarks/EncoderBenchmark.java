/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.GemmThroughput;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.lucene.util.IOUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Tokens per second of the encoder on texts of real lengths, beside the machine's own ceiling (a
 * large matrix product of the same dtype through the same engine) and beside Python on the same
 * checkpoint, texts, threads and dtype, in one run.
 */
@Command(
    name = "encoder",
    description = "Encoder against a GEMM and against the Python reference.",
    mixinStandardHelpOptions = true)
final class EncoderBenchmark implements Callable<Integer> {

  @Mixin private RandomEncoder encoder = new RandomEncoder(96, 4);

  @Option(names = "--dtype", defaultValue = "float32,bfloat16", split = ",")
  private List<String> dtypes;

  @Option(names = "--device", defaultValue = "cpu")
  private String device;

  @Option(names = "--repeat", defaultValue = "3", description = "Runs; the best one counts.")
  private int repeat;

  @Mixin private PythonSide python = new PythonSide("benchmark_reference.py");

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      encoder.write(folder);
      List<String> lines = encoder.lines();
      System.out.println(TorchRuntime.describe());
      Figures.print(
          "random Llama, hidden %d, %d layers; %d texts%n%n",
          encoder.model().hidden(), encoder.model().layers(), lines.size());
      System.out.println(
          "| dtype | what | tokens/s | GFLOP/s | of the GEMM | padding | of Python |");
      System.out.println("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
      for (String dtype : dtypes) {
        compare(folder, lines, DType.of(dtype));
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private void compare(Path folder, List<String> lines, DType dtype)
      throws IOException, InterruptedException {
    TorchDevice target = TorchDevice.of(device);
    double ceiling = GemmThroughput.measure(dtype, target, 2048, encoder.model().hidden(), 8192);
    Figures.print("| %s | large GEMM | | %.0f | | | |%n", dtype.configName(), ceiling);
    double operations = 2 * RandomLlama.layout(folder).linearWeights();
    Map<String, Double> others = new LinkedHashMap<>();
    if (python.isPresent()) {
      for (String way : List.of("llm2vec", "transformers")) {
        JsonNode figures = runPython(folder, way, dtype);
        double rate = figures.get("tokens_per_second").asDouble();
        others.put(way, rate);
        print(
            dtype,
            "Python " + way,
            rate,
            operations,
            ceiling,
            figures.get("padding_waste").asDouble(),
            "");
      }
    }
    Llm2VecOptions options = Llm2VecOptions.builder().dtype(dtype).device(target).build();
    try (Llm2Vec model =
        Llm2Vec.open(ModelSource.of(folder.toString(), List.of(), Map.of()), options)) {
      long tokens = 0;
      for (String line : lines) {
        tokens += model.tokenize(line, Prompt.document()).length();
      }
      model.encode(lines.subList(0, Math.min(8, lines.size())), Prompt.document());
      double best = 0;
      for (int run = 0; run < repeat; run++) {
        long start = System.nanoTime();
        model.encode(lines, Prompt.document());
        best = Math.max(best, tokens / ((System.nanoTime() - start) / 1e9));
      }
      double rate = best;
      StringBuilder ratios = new StringBuilder();
      others.forEach(
          (way, value) ->
              ratios.append(String.format(Locale.ROOT, "%.2f x %s ", rate / value, way)));
      print(
          dtype,
          "this encoder (" + model.decoder().kernelDescription() + ")",
          rate,
          operations,
          ceiling,
          0,
          ratios.toString().strip());
    }
  }

  private void print(
      DType dtype,
      String what,
      double rate,
      double operations,
      double ceiling,
      double padding,
      String ratios) {
    double gigaflops = rate * operations / 1e9;
    Figures.print(
        "| %s | %s | %.0f | %.0f | %.0f%% | %.1f%% | %s |%n",
        dtype.configName(),
        what,
        rate,
        gigaflops,
        100 * gigaflops / ceiling,
        100 * padding,
        ratios);
  }

  private JsonNode runPython(Path folder, String way, DType dtype)
      throws IOException, InterruptedException {
    return python.run(
        folder,
        encoder.texts(),
        "--way",
        way,
        "--dtype",
        dtype.configName(),
        "--device",
        device,
        "--threads",
        TorchRuntime.threads(),
        "--limit",
        encoder.limit(),
        "--repeat",
        repeat);
  }
}

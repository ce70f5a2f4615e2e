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

  @Mixin private DeviceComparison comparison = new DeviceComparison();

  @Mixin private RandomEncoder encoder = new RandomEncoder(96, 2);

  @Option(names = "--dtype", defaultValue = "float32")
  private String dtype;

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
          comparison.threads());
      long before = ProcessUse.residentBytes();
      try (EncoderService alone = open(folder, comparison.one())) {
        alone.encode(lines, Prompt.document());
        long first = ProcessUse.residentBytes();
        try (EncoderService together = open(folder, comparison.several())) {
          together.encode(lines, Prompt.document());
          long second = ProcessUse.residentBytes();
          compare(alone, together, lines);
          Figures.print(
              "%nresident memory: %d MB more with %s open, %d MB more with %s beside it%n",
              (first - before) >> 20,
              comparison.one(),
              (second - first) >> 20,
              comparison.several());
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
            .threads(comparison.threads())
            .build();
    Llm2Vec model = Llm2Vec.open(ModelSource.of(folder.toString(), List.of(), Map.of()), options);
    return EncoderService.start(model, ServingOptions.defaults());
  }

  private void compare(EncoderService alone, EncoderService together, List<String> lines) {
    comparison.run(turn -> encode(alone, lines), turn -> encode(together, lines));
    for (ServingMetrics.Device device : together.metrics().devices()) {
      Figures.print("%s: %d steps, %d tokens%n", device.name(), device.steps(), device.tokens());
    }
  }

  private static long encode(EncoderService service, List<String> lines) {
    long before = service.metrics().work().tokens();
    service.encode(lines, Prompt.document());
    return service.metrics().work().tokens() - before;
  }
}

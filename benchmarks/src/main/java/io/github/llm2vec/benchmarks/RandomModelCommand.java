/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a model of a known shape with random weights, for whatever measures models by folder. */
@Command(
    name = "random-model",
    description = "Writes a model of a known shape with random weights, in bfloat16.",
    mixinStandardHelpOptions = true)
final class RandomModelCommand implements Callable<Integer> {

  /** Shapes of models that people use. */
  enum Shape {
    /** Qwen3-0.6B, but for its heads, which are of 128 there. */
    B0_6,
    /** Sheared-LLaMA-1.3B. */
    B1_3,
    /** Llama-3-8B. */
    B8;

    private RandomLlama model() {
      return switch (this) {
        case B0_6 -> new RandomLlama(1024, 3072, 16, 8, 28);
        case B1_3 -> new RandomLlama(2048, 5504, 16, 16, 24);
        case B8 -> new RandomLlama(4096, 14336, 32, 8, 32);
      };
    }

    @Override
    public String toString() {
      return name().substring(1).replace('_', '.').toLowerCase(Locale.ROOT) + "b";
    }
  }

  @Option(
      names = "--shape",
      required = true,
      description =
          "One of ${COMPLETION-CANDIDATES}: Qwen3, Sheared-LLaMA or Llama 3 of that size.")
  private Shape shape;

  @Option(names = "--layers", description = "So many of its layers; all if not given.")
  private Optional<Integer> layers = Optional.empty();

  @Option(names = "--tokenizer", required = true, description = "Folder of a tokenizer's files.")
  private Path tokenizer;

  @Option(names = "--output", required = true, description = "Folder of the model.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    RandomLlama whole = shape.model();
    new RandomLlama(
            whole.hidden(),
            whole.intermediate(),
            whole.heads(),
            whole.keyHeads(),
            layers.orElse(whole.layers()))
        .write(output, DType.BFLOAT16);
    for (String file : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
      Files.copy(tokenizer.resolve(file), output.resolve(file));
    }
    return 0;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.DecoderTrainer;
import io.github.llm2vec.torch.GemmThroughput;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.lucene.util.IOUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Tokens per second of training steps (forward, backward, clipping, AdamW) of an adapter, beside
 * transformers and PEFT on the same random model, token ids, threads and dtype, in one run.
 */
@Command(
    name = "training",
    description = "Training steps against the Python reference.",
    mixinStandardHelpOptions = true)
final class TrainingBenchmark implements Callable<Integer> {

  private static final AdamW ADAM = AdamW.withLearningRate(1e-4);

  @Option(names = "--hidden", defaultValue = "1024", description = "Hidden size.")
  private int hidden;

  @Option(names = "--layers", defaultValue = "4", description = "Layers of the random model.")
  private int layers;

  @Option(names = "--length", defaultValue = "256", description = "Tokens of the longest text.")
  private int length;

  @Option(names = "--texts", defaultValue = "8", description = "Texts of a batch, or queries.")
  private int texts;

  @Option(names = "--objective", defaultValue = "mntp,contrastive", split = ",")
  private List<String> objectives;

  @Option(names = "--dtype", defaultValue = "float32,bfloat16", split = ",")
  private List<String> dtypes;

  @Option(names = "--device", defaultValue = "cpu")
  private String device;

  @Option(names = "--rank", defaultValue = "16")
  private int rank;

  @Option(names = "--dropout", defaultValue = "0.05")
  private double dropout;

  @Option(names = "--checkpointing", description = "Compute layers again in the backward pass.")
  private boolean checkpointing;

  @Option(names = "--repeat", defaultValue = "3", description = "Steps; the best one counts.")
  private int repeat;

  @Mixin private PythonSide python = new PythonSide("benchmark_training.py");

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("llm2vec-benchmark");
    try {
      RandomLlama.small(hidden, layers).write(folder, DType.FLOAT32);
      System.out.println(TorchRuntime.describe());
      Figures.print(
          "random Llama, hidden %d, %d layers; LoRA rank %d, dropout %.2f%s%n%n",
          hidden, layers, rank, dropout, checkpointing ? ", gradient checkpointing" : "");
      System.out.println(
          "| objective | dtype | what | tokens/s | GFLOP/s | of the GEMM | of Python |");
      System.out.println("| --- | --- | --- | ---: | ---: | ---: | ---: |");
      for (String objective : objectives) {
        TrainingRows rows =
            objective.equals("mntp")
                ? TrainingRows.blocks(texts, length, RandomLlama.VOCABULARY)
                : TrainingRows.triples(texts, length, RandomLlama.VOCABULARY);
        rows.write(folder.resolve("rows.json"));
        for (String dtype : dtypes) {
          compare(folder, rows, DType.of(dtype));
        }
      }
      return 0;
    } finally {
      IOUtils.rm(folder);
    }
  }

  private void compare(Path folder, TrainingRows rows, DType dtype)
      throws IOException, InterruptedException {
    String objective = rows.queries() == 0 ? "mntp" : "contrastive";
    String start = "| " + objective + " | " + dtype.configName() + " | ";
    // The input gradient costs as much as the forward pass; frozen weights have none.
    double operations = 4 * RandomLlama.layout(folder).linearWeights();
    double ceiling =
        GemmThroughput.measure(dtype, TorchDevice.of(device), 2048, hidden, 4 * hidden);
    Figures.print("%slarge GEMM | | %.0f | | |%n", start, ceiling);
    double other = 0;
    if (python.isPresent()) {
      other = runPython(folder, objective, dtype).get("tokens_per_second").asDouble();
      print(start + "Python transformers, PEFT", other, operations, ceiling, "");
    }
    double rate = runHere(folder, rows, dtype);
    String ratio = other > 0 ? String.format(Locale.ROOT, "%.2f x", rate / other) : "";
    print(start + "this trainer", rate, operations, ceiling, ratio);
  }

  private void print(String start, double rate, double operations, double ceiling, String ratio) {
    double gigaflops = rate * operations / 1e9;
    Figures.print(
        "%s | %.0f | %.0f | %.0f%% | %s |%n",
        start, rate, gigaflops, 100 * gigaflops / ceiling, ratio);
  }

  private double runHere(Path folder, TrainingRows rows, DType dtype) throws IOException {
    LoraOptions lora = new LoraOptions(rank, 2.0 * rank, dropout, LoraOptions.ALL_TARGETS);
    LanguageModelHead head = rows.queries() == 0 ? LanguageModelHead.TIED : LanguageModelHead.NONE;
    TrainOptions options =
        new TrainOptions(
            lora,
            head,
            dtype,
            TrainDevices.one(TorchDevice.of(device)),
            length,
            0,
            0,
            checkpointing ? TrainOptions.ALWAYS : TrainOptions.NEVER,
            0,
            42);
    try (TensorSource weights = Safetensors.openFolder(folder);
        DecoderTrainer trainer =
            DecoderTrainer.open(
                DecoderConfig.read(folder.resolve("config.json")).spec().withCausal(false),
                CheckpointWeights.of(weights, folder.toString()),
                options,
                LoadListener.NONE)) {
      double best = 0;
      for (int step = 0; step <= repeat; step++) {
        long begin = System.nanoTime();
        step(trainer, rows, step + 1);
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (step > 0) {
          best = Math.max(best, rows.tokens() / seconds);
        }
      }
      return best;
    }
  }

  static void step(DecoderTrainer trainer, TrainingRows rows, int number) {
    if (rows.queries() == 0) {
      trainer.addMaskedLoss(rows.batch(0, rows.ids().size()), 1);
    } else {
      trainer.addContrastiveLoss(rows.batch(0, rows.ids().size()), rows.queries(), 50, 1);
    }
    trainer.clipGradients(1);
    trainer.update(ADAM, number);
    trainer.zeroGradients();
  }

  private JsonNode runPython(Path folder, String objective, DType dtype)
      throws IOException, InterruptedException {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                folder,
                folder.resolve("rows.json"),
                "--objective",
                objective,
                "--dtype",
                dtype.configName(),
                "--device",
                device,
                "--threads",
                TorchRuntime.threads(),
                "--rank",
                rank,
                "--dropout",
                dropout,
                "--repeat",
                repeat));
    if (checkpointing) {
      arguments.add("--checkpointing");
    }
    return python.run(arguments.toArray());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fifty updates of every stage, through configuration, data, loop and files, against those that
 * transformers' Trainer, PEFT and LLM2Vec made ({@code make_training_runs.py}): the same losses,
 * norms, rates and weights.
 */
class TrainingOracleTest {

  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  private List<String> options(String... more) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--model_name_or_path",
                Fixtures.LLAMA.toString(),
                "--output_dir",
                folder.resolve("run").toString(),
                "--report_to",
                "none",
                "--save_strategy",
                "no"));
    options.addAll(List.of(more));
    return options;
  }

  private static Path config(String stage) {
    return Fixtures.DATA.resolve(stage + ".json");
  }

  @Test
  void masksFromAFileTrainAsInPython() throws IOException {
    TrainingRuns runs = new TrainingRuns(Fixtures.environment(), Fixtures::fill);
    Trainer.Output outcome =
        runs.mntp(
            ConfigFiles.MNTP.read(
                config("mntp"),
                options(
                    "--train_file",
                    "unused",
                    "--mask_file",
                    Fixtures.DATA.resolve("mntp-batches.jsonl").toString())));
    compare("mntp", outcome, 2);
  }

  @Test
  void simcseTrainsAsInPython() throws IOException {
    TrainingRuns runs = new TrainingRuns(Fixtures.environment(), Fixtures::fill);
    Trainer.Output outcome =
        runs.simcse(
            ConfigFiles.SIMCSE.read(
                config("simcse"),
                options(
                    "--dataset_file_path",
                    Fixtures.DATA.resolve("simcse.txt").toString(),
                    "--simcse_dropout",
                    "0",
                    "--simcse_window",
                    "padded_row")));
    compare("simcse", outcome, 1);
  }

  @Test
  void supervisedTrainsAsInPython() throws IOException {
    TrainingRuns runs = new TrainingRuns(Fixtures.environment(), Fixtures::fill);
    Trainer.Output outcome =
        runs.supervised(
            ConfigFiles.SUPERVISED.read(
                config("supervised"),
                options("--dataset_file_path", Fixtures.DATA.resolve("e5").toString())));
    compare("supervised", outcome, 1);
  }

  private static void compare(String stage, Trainer.Output outcome, int accumulation)
      throws IOException {
    assertTrue(outcome.complete());
    JsonNode expected =
        new ObjectMapper().readTree(Fixtures.DATA.resolve(stage + "-expected.json").toFile());
    List<MetricRecord> steps =
        MetricsFile.read(outcome.folder().resolve(OutputDir.METRICS)).stream()
            .filter(metric -> metric.values().containsKey("loss"))
            .toList();
    assertEquals(50, steps.size());
    for (int step = 0; step < 50; step++) {
      double loss = 0;
      for (int i = 0; i < accumulation; i++) {
        loss += expected.get("losses").get(step * accumulation + i).doubleValue() / accumulation;
      }
      String where = stage + ", update " + (step + 1);
      double norm = expected.get("norms").get(step).doubleValue();
      assertEquals(loss, steps.get(step).values().get("loss"), TOLERANCE * loss, where);
      assertEquals(norm, steps.get(step).values().get("grad_norm"), TOLERANCE * norm, where);
      assertEquals(
          expected.get("rates").get(step).doubleValue(),
          steps.get(step).values().get("learning_rate"),
          1e-18,
          where);
    }
    compareWeights(
        Fixtures.DATA.resolve(stage + "-expected.safetensors"),
        outcome.folder().resolve("adapter_model.safetensors"));
  }

  private static void compareWeights(Path expectedFile, Path foundFile) throws IOException {
    try (TensorSource expected = Safetensors.openFile(expectedFile);
        TensorSource found = Safetensors.openFile(foundFile)) {
      assertEquals(expected.names(), found.names());
      for (String name : expected.names()) {
        int elements = 1;
        for (long size : expected.shape(name).orElseThrow()) {
          elements *= (int) size;
        }
        float[] wanted = new float[elements];
        float[] values = new float[elements];
        expected.read(name, 0, FloatBuffer.wrap(wanted));
        found.read(name, 0, FloatBuffer.wrap(values));
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < elements; i++) {
          largest = Math.max(largest, Math.abs(wanted[i]));
          difference = Math.max(difference, Math.abs(wanted[i] - values[i]));
        }
        assertTrue(
            difference <= TOLERANCE * largest,
            name + " differs by " + difference + " of " + largest);
      }
    }
  }
}

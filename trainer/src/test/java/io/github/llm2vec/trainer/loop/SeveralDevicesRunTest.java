/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs that divide their batches among two or three workers of one thread on the CPU. */
class SeveralDevicesRunTest {

  private static final double TOLERANCE = 1e-5;

  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();
  private int stopAt = Integer.MAX_VALUE;
  private long step;

  /** A stage with the options that it needs. */
  private interface Stage {
    Trainer.Output run(TrainingRuns runs, List<String> options) throws IOException;
  }

  private Path run(Stage stage, String name, String... more) throws IOException {
    List<String> options =
        new ArrayList<>(
            List.of("--model_name_or_path", Fixtures.LLAMA.toString(), "--report_to", "none"));
    options.addAll(List.of("--output_dir", folder.resolve(name).toString()));
    options.addAll(List.of("--max_steps", "6", "--save_steps", "3"));
    options.addAll(List.of(more));
    step = 0;
    BooleanSupplier stop = () -> step >= stopAt;
    TrainerCallback listener =
        new TrainerCallback() {
          @Override
          public void updated(TrainerCallback.Step report) {
            step = report.step();
          }

          @Override
          public void note(String text) {
            notes.add(text);
          }
        };
    Trainer.Output output =
        stage.run(new TrainingRuns(Fixtures.environment(stop, listener), Fixtures::fill), options);
    assertEquals(stopAt > 6, output.complete());
    return output.folder();
  }

  private static List<String> with(List<String> options, String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    all.addAll(options);
    return all;
  }

  /** Two accumulated batches of three rows in every update. */
  private static Trainer.Output mntp(TrainingRuns runs, List<String> options) throws IOException {
    Path masks = Fixtures.DATA.resolve("mntp-batches.jsonl");
    return runs.mntp(
        ConfigFiles.MNTP.read(
            Fixtures.DATA.resolve("mntp.json"),
            with(options, "--train_file", "unused", "--mask_file", masks.toString())));
  }

  private static Trainer.Output simcse(TrainingRuns runs, List<String> options) throws IOException {
    Path texts = Fixtures.DATA.resolve("simcse.txt");
    return runs.simcse(
        ConfigFiles.SIMCSE.read(
            Fixtures.DATA.resolve("simcse.json"),
            with(options, "--dataset_file_path", texts.toString())));
  }

  /** Queries of other lengths than their documents, and hard negatives. */
  private static Trainer.Output supervised(TrainingRuns runs, List<String> options)
      throws IOException {
    Path triples = Fixtures.DATA.resolve("e5");
    return runs.supervised(
        ConfigFiles.SUPERVISED.read(
            Fixtures.DATA.resolve("supervised.json"),
            with(options, "--dataset_file_path", triples.toString())));
  }

  /** Losses and norms of gradients of all updates. */
  private static List<Double> figures(Path output) throws IOException {
    List<Double> figures = new ArrayList<>();
    for (MetricRecord metric : MetricsFile.read(output.resolve("metrics.jsonl"))) {
      if (metric.values().containsKey("loss")) {
        figures.add(metric.values().get("loss"));
        figures.add(metric.values().get("grad_norm"));
      }
    }
    assertEquals(12, figures.size());
    return figures;
  }

  private static void assertAlike(Path expected, Path actual) throws IOException {
    List<Double> wanted = figures(expected);
    List<Double> found = figures(actual);
    for (int i = 0; i < wanted.size(); i++) {
      assertEquals(wanted.get(i), found.get(i), TOLERANCE * wanted.get(i), actual + " " + i);
    }
    String file = "adapter_model.safetensors";
    try (TensorSource one = Safetensors.openFile(expected.resolve(file));
        TensorSource other = Safetensors.openFile(actual.resolve(file))) {
      assertEquals(one.names(), other.names());
      for (String name : one.names()) {
        float[] values = values(one, name);
        float largest = 0;
        for (float value : values) {
          largest = Math.max(largest, Math.abs(value));
        }
        assertArrayEquals(values, values(other, name), (float) TOLERANCE * largest, name);
      }
    }
  }

  private static float[] values(TensorSource tensors, String name) throws IOException {
    int elements = 1;
    for (long size : tensors.shape(name).orElseThrow()) {
      elements *= (int) size;
    }
    float[] values = new float[elements];
    tensors.read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  private void assertDevicesTrainAlike(Stage stage, String... dropout) throws IOException {
    List<String> none = List.of("--lora_dropout", "0");
    Path one = run(stage, "one", none.toArray(String[]::new));
    for (String devices : List.of("cpu", "cpu,cpu", "cpu,cpu,cpu")) {
      List<String> on = with(none, "--device", devices, "--threads", "1");
      assertAlike(one, run(stage, "several-" + devices.length(), on.toArray(String[]::new)));
    }
    List<String> some = List.of(dropout);
    Path drawn = run(stage, "drawn", with(some, "--device", "cpu").toArray(String[]::new));
    assertFalse(figures(one).get(0).equals(figures(drawn).get(0)));
    for (String devices : List.of("cpu,cpu", "cpu,cpu,cpu")) {
      List<String> on = with(some, "--device", devices, "--threads", "1");
      assertAlike(drawn, run(stage, "drawn-" + devices.length(), on.toArray(String[]::new)));
    }
  }

  @Test
  void mntpIsThatOfOneDevice() throws IOException {
    assertDevicesTrainAlike(SeveralDevicesRunTest::mntp, "--lora_dropout", "0.1");
  }

  @Test
  void simcseIsThatOfOneDevice() throws IOException {
    Stage stage = SeveralDevicesRunTest::simcse;
    assertDevicesTrainAlike(
        (runs, options) ->
            stage.run(
                runs, options.contains("0.1") ? options : with(options, "--simcse_dropout", "0")),
        "--lora_dropout",
        "0.1",
        "--simcse_dropout",
        "0.3");
  }

  @Test
  void supervisedIsThatOfOneDevice() throws IOException {
    assertDevicesTrainAlike(SeveralDevicesRunTest::supervised, "--lora_dropout", "0.1");
  }

  @Test
  void cachedGradientsAreDividedToo() throws IOException {
    Stage stage = SeveralDevicesRunTest::supervised;
    List<String> options = List.of("--mini_batch_size", "5", "--device");
    Path one =
        run(
            stage,
            "one",
            with(List.of("cpu"), options.toArray(String[]::new)).toArray(String[]::new));
    Path two =
        run(
            stage,
            "two",
            with(List.of("cpu,cpu"), options.toArray(String[]::new)).toArray(String[]::new));
    assertAlike(one, two);
  }

  @Test
  void aRunThatWasInterruptedGoesOnInTheSameBitsAndOnOtherDevices() throws IOException {
    Stage stage = SeveralDevicesRunTest::mntp;
    String[] two = {"--device", "cpu,cpu", "--threads", "1", "--lora_dropout", "0.1"};
    Path whole = run(stage, "whole", two);
    for (String devices : List.of("cpu,cpu", "cpu,cpu,cpu")) {
      String name = "stopped-" + devices.length();
      stopAt = 4;
      run(stage, name, two);
      stopAt = Integer.MAX_VALUE;
      Path stopped =
          run(stage, name, "--device", devices, "--threads", "1", "--lora_dropout", "0.1");
      assertAlike(whole, stopped);
      String file = "checkpoint-6/optimizer.safetensors";
      if (devices.equals("cpu,cpu")) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(stopped.resolve(file)));
      }
    }
    assertTrue(notes.toString().contains("device was [\"cpu\",\"cpu\"] and is"), notes.toString());
  }

  @Test
  void refusesDevicesThatAreNone() {
    for (String devices : List.of("gpu", "cuda:0,cuda:0", "cpu,")) {
      assertRefused("key device", "--device", devices);
    }
    assertRefused("use_cpu", "--device", "cuda:0,cuda:1", "--use_cpu");
  }

  private void assertRefused(String reason, String... options) {
    IOException failure =
        assertThrows(
            TrainingException.class, () -> run(SeveralDevicesRunTest::mntp, "refused", options));
    assertTrue(failure.getMessage().contains(reason), failure.getMessage());
  }
}

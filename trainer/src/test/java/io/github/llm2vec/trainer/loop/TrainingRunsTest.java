/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on tiny models, from configuration to files that are opened again. */
class TrainingRunsTest {

  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();
  private int updates;
  private int stopAt = Integer.MAX_VALUE;

  private TrainingRuns runs() {
    return new TrainingRuns(
        Fixtures.environment(
            () -> updates >= stopAt,
            new TrainerCallback() {
              @Override
              public void updated(TrainerCallback.Step report) {
                updates++;
              }

              @Override
              public void note(String text) {
                notes.add(text);
              }
            }));
  }

  private Path config(String name, Object... keysAndValues) throws IOException {
    StringBuilder json = new StringBuilder("{\"do_train\": true, \"report_to\": \"none\"");
    json.append(", \"output_dir\": \"").append(slashes(folder.resolve(name))).append('"');
    // Later ones replace earlier ones.
    Map<String, Object> keys = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      keys.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    for (Map.Entry<String, Object> key : keys.entrySet()) {
      Object value = key.getValue();
      String text =
          value instanceof Path path
              ? '"' + slashes(path) + '"'
              : value instanceof String string ? '"' + string + '"' : value.toString();
      json.append(", \"").append(key.getKey()).append("\": ").append(text);
    }
    Files.createDirectories(folder);
    return Files.writeString(folder.resolve(name + ".json"), json + "}");
  }

  private static String slashes(Path path) {
    return path.toString().replace("\\", "/");
  }

  private Path mntpConfig(String name, Object... more) throws IOException {
    List<Object> keys =
        new ArrayList<>(
            List.of(
                "model_name_or_path", Fixtures.LLAMA,
                "train_file", Fixtures.DATA.resolve("simcse.txt"),
                "line_by_line", true,
                "max_seq_length", 32,
                "per_device_train_batch_size", 4,
                "gradient_accumulation_steps", 2,
                "max_steps", 9,
                "save_steps", 4,
                "logging_steps", 2,
                "do_eval", true,
                "learning_rate", 1e-2));
    keys.addAll(Arrays.asList(more));
    return config(name, keys.toArray());
  }

  private static List<String> losses(Path output) throws IOException {
    List<String> losses = new ArrayList<>();
    for (MetricRecord metric : MetricsFile.read(output.resolve("metrics.jsonl"))) {
      for (String name : List.of("loss", "grad_norm", "eval_loss", "eval_accuracy")) {
        if (metric.values().containsKey(name)) {
          losses.add(metric.step() + " " + name + " " + metric.values().get(name));
        }
      }
    }
    return losses;
  }

  @Test
  void maskedTrainingThatIsInterruptedEndsInTheSameBits() throws IOException {
    Path whole = runs().mntp(ConfigFiles.MNTP.read(mntpConfig("whole"), List.of())).folder();
    updates = 0;
    stopAt = 3;
    List<String> options = List.of("--output_dir", folder.resolve("stopped").toString());
    assertFalse(
        runs().mntp(ConfigFiles.MNTP.read(folder.resolve("whole.json"), options)).complete());
    stopAt = 5;
    assertFalse(
        runs().mntp(ConfigFiles.MNTP.read(folder.resolve("whole.json"), options)).complete());
    stopAt = Integer.MAX_VALUE;
    Path stopped =
        runs().mntp(ConfigFiles.MNTP.read(folder.resolve("whole.json"), options)).folder();
    assertEquals(losses(whole), losses(stopped));
    for (String file : List.of("adapter_model.safetensors", "checkpoint-9/optimizer.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(stopped.resolve(file)), file);
    }
    assertTrue(notes.toString().contains("--resume_from_checkpoint true goes on"));
    List<MetricRecord> records = MetricsFile.read(whole.resolve("metrics.jsonl"));
    double held = records.get(records.size() - 1).values().get("eval_loss");
    assertEquals(Math.exp(held), records.get(records.size() - 1).values().get("perplexity"), 1e-9);
  }

  @Test
  void batchesBeyondTheMemoryAreAnnounced() throws IOException {
    stopAt = 0;
    String key = "per_device_train_batch_size";
    runs().mntp(ConfigFiles.MNTP.read(mntpConfig("unsaid", key, Integer.MAX_VALUE), List.of()));
    assertTrue(notes.toString().contains("computed again"), notes::toString);
    notes.clear();
    List<String> whole = List.of("--gradient_checkpointing", "false");
    runs().mntp(ConfigFiles.MNTP.read(mntpConfig("said", key, Integer.MAX_VALUE), whole));
    assertFalse(notes.toString().contains("computed again"), notes::toString);
  }

  @Test
  void stagesBuildOnEachOtherAndOpenAsEncoders() throws IOException {
    Path mntp = runs().mntp(ConfigFiles.MNTP.read(mntpConfig("mntp"), List.of())).folder();
    Path simcse =
        runs()
            .simcse(
                ConfigFiles.SIMCSE.read(
                    config(
                        "simcse",
                        "model_name_or_path",
                        Fixtures.LLAMA,
                        "peft_model_name_or_path",
                        mntp,
                        "bidirectional",
                        true,
                        "dataset_file_path",
                        Fixtures.DATA.resolve("simcse.txt"),
                        "simcse_dropout",
                        0.3,
                        "max_seq_length",
                        32,
                        "per_device_train_batch_size",
                        8,
                        "mini_batch_size",
                        3,
                        "gradient_checkpointing",
                        true,
                        "save_only_model",
                        true,
                        "max_steps",
                        3),
                    List.of()))
            .folder();
    ModelSource chain =
        ModelSource.of(
            Fixtures.LLAMA.toString(), List.of(mntp.toString(), simcse.toString()), Map.of());
    try (Llm2Vec first = Llm2Vec.open(mntp);
        Llm2Vec second = Llm2Vec.open(chain, Llm2VecOptions.defaults())) {
      assertFalse(first.decoder().spec().causal());
      assertFalse(second.decoder().spec().causal());
      assertEquals(32, second.settings().maxLength());
      float[] before = first.encodeOne("a river in winter", Prompt.document());
      float[] after = second.encodeOne("a river in winter", Prompt.document());
      assertEquals(before.length, after.length);
      assertFalse(Arrays.equals(before, after));
    }
    assertTrue(Files.notExists(simcse.resolve("checkpoint-3/optimizer.safetensors")));
    IOException failure =
        assertThrows(
            TrainingException.class,
            () ->
                runs()
                    .simcse(
                        ConfigFiles.SIMCSE.read(
                            folder.resolve("simcse.json"), List.of("--max_steps", "5"))));
    assertTrue(failure.getMessage().contains("save_only_model"), failure.getMessage());
  }

  @Test
  void aNewModelIsTrainedThenAllItsWeightsAgain() throws IOException {
    Path made =
        runs()
            .pretrain(
                ConfigFiles.PRETRAIN.read(
                    config(
                        "made",
                        "config_name",
                        Fixtures.LLAMA,
                        "tokenizer_name",
                        Fixtures.LLAMA,
                        "train_file",
                        Fixtures.DATA.resolve("simcse.txt"),
                        "streaming",
                        true,
                        "max_seq_length",
                        16,
                        "max_steps",
                        12,
                        "save_steps",
                        8,
                        "logging_steps",
                        1,
                        "learning_rate",
                        1e-2),
                    List.of()))
            .folder();
    List<MetricRecord> records = MetricsFile.read(made.resolve("metrics.jsonl"));
    double first = records.get(0).values().get("loss");
    double last = records.get(11).values().get("loss");
    // Nothing is known at first: the logarithm of the vocabulary's size.
    assertEquals(Math.log(483), first, 0.1);
    assertTrue(last < first - 0.5, first + " to " + last);
    Path tuned =
        runs()
            .supervised(
                ConfigFiles.SUPERVISED.read(
                    config(
                        "tuned",
                        "model_name_or_path",
                        made,
                        "bidirectional",
                        true,
                        "full_finetuning",
                        true,
                        "dataset_file_path",
                        Fixtures.DATA.resolve("e5"),
                        "per_device_train_batch_size",
                        4,
                        "max_steps",
                        2,
                        "max_seq_length",
                        64,
                        "experiment_id",
                        "one"),
                    List.of()))
            .folder();
    assertEquals(folder.resolve("tuned/one"), tuned);
    try (Llm2Vec encoder = Llm2Vec.open(tuned)) {
      assertFalse(encoder.decoder().spec().causal());
      assertEquals(32, encoder.encodeOne("a boat", Prompt.document()).length);
    }
  }

  @Test
  void leadingComponentsAreTrainedByLossesOfTheirOwn() throws IOException {
    Path config =
        config(
            "widths",
            "model_name_or_path",
            Fixtures.LLAMA,
            "bidirectional",
            true,
            "dataset_file_path",
            Fixtures.DATA.resolve("simcse.txt"),
            "max_seq_length",
            32,
            "learning_rate",
            1e-2,
            "logging_steps",
            1,
            "max_steps",
            3);
    Path plain = runs().simcse(ConfigFiles.SIMCSE.read(config, List.of())).folder();
    Path whole = simcse(config, "whole", "--matryoshka_dims=32");
    Path twice = simcse(config, "twice", "--matryoshka_dims=32,8", "--matryoshka_weights=1,0");
    Path nested = simcse(config, "nested", "--matryoshka_dims=32,8");
    assertEquals(losses(plain), losses(whole));
    assertEquals(losses(plain), losses(twice));
    double one = MetricsFile.read(plain.resolve("metrics.jsonl")).get(0).values().get("loss");
    double sum = MetricsFile.read(nested.resolve("metrics.jsonl")).get(0).values().get("loss");
    assertTrue(sum > one, one + " and " + sum);
    IOException failure =
        assertThrows(TrainingException.class, () -> simcse(config, "wide", "--matryoshka_dims=64"));
    assertTrue(failure.getMessage().contains("more than the model's 32"), failure.getMessage());
  }

  private Path simcse(Path config, String name, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--output_dir", folder.resolve(name).toString()));
    return runs().simcse(ConfigFiles.SIMCSE.read(config, all)).folder();
  }

  @Test
  void refusesWhatItCannotDoBeforeAnythingIsOpened() throws IOException {
    Path config =
        mntpConfig("refused", "model_name_or_path", folder.resolve("there is no such model"));
    for (String option :
        List.of("--fp16", "--torch_dtype=float16", "--mask_token_type=mask", "--no_do_train")) {
      List<String> options =
          option.equals("--no_do_train") ? List.of(option, "--no_do_eval") : List.of(option);
      IOException failure =
          assertThrows(
              TrainingException.class, () -> runs().mntp(ConfigFiles.MNTP.read(config, options)));
      String key = option.replaceAll("--(no_)?|=.*", "");
      assertTrue(failure.getMessage().contains("key " + key), failure.getMessage());
    }
    assertTrue(Files.notExists(folder.resolve("refused")));
  }

  @Test
  void corruptLinesAreNamedOrLeftOut() throws IOException {
    Path data = folder.resolve("texts.jsonl");
    Files.writeString(
        data,
        "{\"text\": \"a small boat under a bridge\"}\n{\"text\": \"broken\n"
            + "{\"text\": \"rain fell on green fields\"}\n".repeat(8));
    Path config =
        mntpConfig("corrupt", "train_file", data, "validation_split_percentage", 0, "max_steps", 1);
    List<String> options = List.of("--no_do_eval");
    IOException failure =
        assertThrows(IOException.class, () -> runs().mntp(ConfigFiles.MNTP.read(config, options)));
    assertTrue(failure.getMessage().contains("texts.jsonl:2:"), failure.getMessage());
    runs()
        .mntp(
            ConfigFiles.MNTP.read(
                config,
                List.of("--no_do_eval", "--on_corrupt_line", "skip", "--overwrite_output_dir")));
    assertTrue(notes.toString().contains("1 lines of data"), notes.toString());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of distillation, whose teacher is a language model that has learnt stories. */
class DistillationRunTest {

  private static final Path TEACHER = Fixtures.CHECKPOINTS.resolve("stories260K");
  private static final Path TEXTS = Fixtures.DATA.resolve("simcse.txt");

  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();
  private int updates;
  private int taught;
  private BooleanSupplier stop = () -> false;

  private TrainingRuns runs() {
    return new TrainingRuns(
        Fixtures.environment(
            () -> stop.getAsBoolean(),
            new TrainerCallback() {
              @Override
              public void updated(TrainerCallback.Step report) {
                updates++;
              }

              @Override
              public void teacherEncoded(int done, int total) {
                taught = done;
              }

              @Override
              public void note(String text) {
                notes.add(text);
              }
            }));
  }

  private Path config(String name, Object... keysAndValues) throws IOException {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("do_train", true).put("report_to", "none").put("train_file", TEXTS.toString());
    json.put("output_dir", folder.resolve(name).toString());
    json.put("model_name_or_path", Fixtures.LLAMA.toString());
    json.put("teacher_model_name_or_path", TEACHER.toString());
    json.put("max_seq_length", 32).put("per_device_train_batch_size", 8);
    json.put("learning_rate", 3e-3).put("max_steps", 40);
    json.put("logging_steps", 5).put("save_steps", 1000);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      Object value = keysAndValues[i + 1];
      json.putPOJO((String) keysAndValues[i], value instanceof Path ? value.toString() : value);
    }
    if (json.has("config_name")) {
      json.remove("model_name_or_path");
    }
    if (json.has("teacher_vectors")) {
      json.remove("teacher_model_name_or_path");
    }
    return Files.writeString(
        folder.resolve(name + ".json"), new ObjectMapper().writeValueAsString(json));
  }

  private Trainer.Output run(Path config, String... options) throws IOException {
    return runs().distill(ConfigFiles.DISTILL.read(config, List.of(options)));
  }

  private static List<Double> metric(Path output, String name) throws IOException {
    List<Double> values = new ArrayList<>();
    for (MetricRecord metric : MetricsFile.read(output.resolve("metrics.jsonl"))) {
      if (metric.values().containsKey(name)) {
        values.add(metric.values().get(name));
      }
    }
    return values;
  }

  private static double meanCosine(Path student, List<String> texts, Prompt prompt)
      throws IOException {
    try (Llm2Vec one = Llm2Vec.open(student);
        Llm2Vec other = Llm2Vec.open(TEACHER)) {
      float[][] found = one.encode(texts, prompt);
      float[][] wanted = other.encode(texts, prompt);
      double sum = 0;
      for (int i = 0; i < found.length; i++) {
        sum += cosine(found[i], wanted[i]);
      }
      return sum / found.length;
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      left += (double) a[i] * a[i];
      right += (double) b[i] * b[i];
    }
    return product / Math.sqrt(left * right);
  }

  @Test
  void aStudentEndsNearerToItsTeacherAndOpensWithTheVectorsThatWereTrained() throws IOException {
    Path output =
        run(config(
                "whole",
                "full_finetuning",
                true,
                "validation_split_percentage",
                20,
                "eval_strategy",
                "steps",
                "eval_steps",
                20,
                "eval_on_start",
                true,
                "similarity_weight",
                0.5,
                "matryoshka_dims",
                List.of(64, 16)))
            .folder();
    List<Double> cosines = metric(output, "eval_cosine");
    double before = cosines.get(0);
    double after = cosines.get(cosines.size() - 1);
    assertTrue(after > before + 0.3, before + " to " + after);
    List<Double> losses = metric(output, "eval_loss");
    assertTrue(losses.get(losses.size() - 1) < losses.get(0));
    // The first fifth was held out. What the files give is what the run evaluated.
    List<String> held = Files.readAllLines(TEXTS).subList(0, 20);
    assertEquals(after, meanCosine(output, held, Prompt.document()), 1e-5);
    assertTrue(Files.exists(output.resolve("2_Dense/model.safetensors")));
    try (Llm2Vec student = Llm2Vec.open(output)) {
      assertEquals(64, student.dimensions());
      assertFalse(student.decoder().spec().causal());
    }
  }

  @Test
  void anAdapterKeepsItsHeadAndACausalStudentStaysCausal() throws IOException {
    Path output =
        run(config(
                "adapter",
                "bidirectional",
                false,
                "mse_weight",
                1,
                "cosine_weight",
                0,
                "contrastive_weight",
                0.1,
                "normalize",
                true,
                "lora_r",
                4,
                "pooling_mode",
                "last_token",
                "mini_batch_size",
                3,
                "do_eval",
                true))
            .folder();
    List<String> held = Files.readAllLines(TEXTS).subList(0, 5);
    List<Double> cosines = metric(output, "eval_cosine");
    assertEquals(
        cosines.get(cosines.size() - 1), meanCosine(output, held, Prompt.document()), 1e-5);
    try (Llm2Vec student = Llm2Vec.open(output)) {
      assertTrue(student.decoder().spec().causal());
      float[] vector = student.encodeOne("a boat", Prompt.document());
      assertEquals(64, vector.length);
      assertEquals(1, cosine(vector, vector) * Math.sqrt(norm(vector)), 1e-5);
    }
    // A student goes on from its head.
    Path again =
        run(config(
                "again",
                "model_name_or_path",
                output,
                "bidirectional",
                false,
                "pooling_mode",
                "last_token",
                "do_eval",
                true,
                "eval_on_start",
                true,
                "max_steps",
                1,
                "learning_rate",
                1e-9))
            .folder();
    assertEquals(cosines.get(cosines.size() - 1), metric(again, "eval_cosine").get(0), 1e-5);
  }

  private static double norm(float[] vector) {
    double sum = 0;
    for (float value : vector) {
      sum += (double) value * value;
    }
    return sum;
  }

  @Test
  void aRunThatIsInterruptedEndsInTheSameBits() throws IOException {
    Object[] keys = {
      "save_steps", 4, "max_steps", 9, "do_eval", true, "similarity_weight", 1, "lora_dropout", 0.1
    };
    Path whole = run(config("whole", keys)).folder();
    Path stopped = folder.resolve("stopped");
    String[] options = {"--output_dir", stopped.toString()};
    updates = 0;
    taught = 0;
    // While the teacher encodes, then twice while the student learns.
    stop = () -> taught > 0 && updates == 0;
    assertFalse(run(folder.resolve("whole.json"), options).complete());
    assertTrue(notes.toString().contains("while the teacher encoded"), notes.toString());
    for (int update : List.of(3, 5)) {
      stop = () -> updates >= update;
      assertFalse(run(folder.resolve("whole.json"), options).complete());
    }
    stop = () -> false;
    assertTrue(run(folder.resolve("whole.json"), options).complete());
    assertEquals(metric(whole, "loss"), metric(stopped, "loss"));
    assertEquals(metric(whole, "eval_loss"), metric(stopped, "eval_loss"));
    for (String file :
        List.of(
            "adapter_model.safetensors",
            "2_Dense/model.safetensors",
            "checkpoint-9/optimizer.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(stopped.resolve(file)), file);
    }
  }

  @Test
  void vectorsAreMadeOnceAndNeverHalf() throws IOException {
    Path cache = folder.resolve("cache");
    Object[] keys = {"max_steps", 1, "data_cache_dir", cache};
    Path first = run(config("first", keys)).folder();
    Path vectors;
    try (Stream<Path> files = Files.walk(cache)) {
      vectors = files.filter(file -> file.endsWith("vectors-00000.npy")).findFirst().orElseThrow();
    }
    byte[] made = Files.readAllBytes(vectors);
    // What is on disk is used: a vector that was changed there changes the student.
    byte[] changed = made.clone();
    Arrays.fill(changed, 128, changed.length, (byte) 0x3e);
    Files.write(vectors, changed);
    Path second = run(config("second", keys)).folder();
    assertTrue(differ(first, second));
    // A file that is cut off is not.
    Files.write(vectors, Arrays.copyOf(made, made.length / 2));
    Path third = run(config("third", keys)).folder();
    assertFalse(differ(first, third));
    assertArrayEquals(made, Files.readAllBytes(vectors));
    // Another text has another vector.
    Path texts = folder.resolve("texts.txt");
    Files.writeString(texts, Files.readString(TEXTS) + "one more\n");
    run(config("fourth", "max_steps", 1, "data_cache_dir", cache, "train_file", texts));
    assertArrayEquals(made, Files.readAllBytes(vectors));
  }

  private static boolean differ(Path one, Path other) throws IOException {
    String file = "adapter_model.safetensors";
    return Files.mismatch(one.resolve(file), other.resolve(file)) >= 0;
  }

  @Test
  void vectorsOfAFileTeachAsTheModelDoesThatMadeThem() throws IOException {
    Path lines = folder.resolve("vectors.jsonl");
    List<String> texts = Files.readAllLines(TEXTS);
    try (Llm2Vec teacher = Llm2Vec.open(TEACHER)) {
      float[][] vectors = teacher.encode(texts, Prompt.document());
      List<String> json = new ArrayList<>();
      for (int i = 0; i < vectors.length; i++) {
        json.add(
            0, "{\"id\": %s, \"embedding\": %s}".formatted(i + 1, Arrays.toString(vectors[i])));
      }
      Files.write(lines, json);
    }
    Path model = run(config("model", "max_steps", 3)).folder();
    Path file = run(config("file", "max_steps", 3, "teacher_vectors", lines)).folder();
    assertEquals(metric(model, "train_loss").get(0), metric(file, "train_loss").get(0), 1e-4);
  }

  @Test
  void aNewModelLearnsQueriesAndDocuments() throws IOException {
    Path pairs = folder.resolve("pairs.jsonl");
    List<String> texts = Files.readAllLines(TEXTS);
    List<String> json = new ArrayList<>();
    for (int i = 0; i + 2 < texts.size(); i += 3) {
      json.add(
          new ObjectMapper()
              .writeValueAsString(
                  Map.of(
                      "query", texts.get(i),
                      "pos", List.of(texts.get(i + 1), texts.get(i + 2)),
                      "neg", List.of(texts.get((i + 40) % 100)))));
    }
    Files.write(pairs, json);
    Path output =
        run(config(
                "new",
                "config_name",
                Fixtures.LLAMA,
                "tokenizer_name",
                Fixtures.LLAMA,
                "full_finetuning",
                true,
                "dataset_name",
                "jsonl",
                "train_file",
                pairs,
                "validation_file",
                pairs,
                "similarity_weight",
                1,
                "contrastive_weight",
                0.1,
                "query_prompt",
                "query: ",
                "teacher_query_instruction",
                "Find:",
                "eval_on_start",
                true,
                "do_eval",
                true))
            .folder();
    List<Double> losses = metric(output, "eval_loss");
    assertTrue(losses.get(losses.size() - 1) < losses.get(0) - 0.2, losses.toString());
    try (Llm2Vec student = Llm2Vec.open(output)) {
      float[] query = student.encodeOne("old mill", Prompt.query());
      assertArrayEquals(query, student.encodeOne("query: old mill", Prompt.document()), 1e-6f);
    }
  }

  @Test
  void refusesWhatContradictsItself() throws IOException {
    Map<String, String> problems =
        Map.of(
            "--teacher_vectors=a.npy", "contradicts teacher_model_name_or_path",
            "--cosine_weight=0", "nothing to learn",
            "--matryoshka_weights=1", "one for each of matryoshka_dims",
            "--config_name=c", "contradicts model_name_or_path",
            "--initial_embeddings=e.npy", "name its config_name, too",
            "--pooling_mode=eos_token", "cannot be trained here",
            "--similarity_temprature=1", "did you mean similarity_temperature?",
            "--matryoshka_dims=4,x", "expected a whole number");
    Path config = config("refused");
    for (Map.Entry<String, String> problem : problems.entrySet()) {
      IllegalArgumentException failure =
          assertThrows(IllegalArgumentException.class, () -> run(config, problem.getKey()));
      assertTrue(failure.getMessage().contains(problem.getValue()), failure.getMessage());
    }
    Map<String, String> later =
        Map.of(
            "--dense_head=never", "dense_head never leaves",
            "--matryoshka_dims=64,65", "matryoshka_dims [64, 65] are more than the 64",
            "--teacher_model_name_or_path=nowhere", "nowhere",
            "--train_file=nowhere.txt", "nowhere.txt");
    for (Map.Entry<String, String> problem : later.entrySet()) {
      IOException failure =
          assertThrows(
              IOException.class, () -> run(config, problem.getKey(), "--overwrite_output_dir"));
      assertTrue(failure.toString().contains(problem.getValue()), failure.toString());
    }
  }
}

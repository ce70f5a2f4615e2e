/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {

  @TempDir Path folder;

  private static Set<String> checkpoints(Path output) throws IOException {
    try (Stream<Path> files = Files.list(output)) {
      Set<String> names = new TreeSet<>();
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.contains("checkpoint"))
          .forEach(names::add);
      return names;
    }
  }

  /** As in transformers: updates go on across the ends of epochs, their number is rounded down. */
  @Test
  void collectsBatchesAcrossEpochs() throws IOException {
    List<Integer> batchesPerUpdate = new ArrayList<>();
    FakeRun run = new FakeRun(folder, 5);
    run.listener(
        new TrainerCallback() {
          @Override
          public void updated(TrainerCallback.Step report) {
            batchesPerUpdate.add(run.seen().size());
          }
        });
    Trainer.Output outcome =
        run.go("--gradient_accumulation_steps", "2", "--num_train_epochs", "3");
    assertTrue(outcome.complete());
    assertEquals(6, outcome.state().step());
    assertEquals(List.of(2, 4, 6, 8, 10, 12), batchesPerUpdate);
    assertEquals(List.of(0.0, 1.0, 2.0, 3.0, 4.0, 100.0), run.seen().subList(0, 6));
    assertEquals(120, outcome.state().tokens());
  }

  @Test
  void leavesOutBatchesWithNothingToLearn() throws IOException {
    FakeRun run = new FakeRun(folder, 4).empty(batch -> batch % 100 == 1);
    Trainer.Output outcome = run.go("--gradient_accumulation_steps", "2", "--max_steps", "3");
    assertEquals(List.of(0.0, 2.0, 3.0, 100.0, 102.0, 103.0), run.seen());
    assertEquals(2, outcome.state().skippedBatches());
    assertEquals(3, outcome.state().step());
  }

  @Test
  void endsWhereNothingCanBeLearnt() {
    FakeRun run = new FakeRun(folder, 4).empty(batch -> true);
    IOException failure = assertThrows(TrainingException.class, () -> run.go("--max_steps", "3"));
    assertTrue(failure.getMessage().contains("mlm_probability"), failure.getMessage());
  }

  @Test
  void stopsBeforeALossThatIsNoNumberSpoilsTheWeights() throws IOException {
    FakeRun run = new FakeRun(folder, 9).spoilt(5);
    IOException failure =
        assertThrows(
            TrainingException.class,
            () -> run.go("--save_steps", "2", "--gradient_accumulation_steps", "2"));
    assertTrue(failure.getMessage().contains("the loss is NaN in update 3"), failure.getMessage());
    JsonNode file = new ObjectMapper().readTree(run.output().resolve("failed-batch.json").toFile());
    assertEquals("[4.0,5.0]", file.get("batches").toString());
    assertEquals(Set.of("checkpoint-2"), checkpoints(run.output()));
    for (float value : run.model().values()) {
      assertTrue(Float.isFinite(value));
    }
  }

  @Test
  void stopsWhenAskedAndGoesOnAsIfItHadNot() throws IOException {
    FakeRun whole = new FakeRun(Files.createDirectory(folder.resolve("whole")), 7);
    whole.go("--max_steps", "12", "--gradient_accumulation_steps", "3");
    FakeRun stopped = new FakeRun(Files.createDirectory(folder.resolve("stopped")), 7);
    // In the middle of the fifth update.
    stopped.stop(() -> stopped.seen().size() == 14);
    Trainer.Output outcome = stopped.go("--max_steps", "12", "--gradient_accumulation_steps", "3");
    assertFalse(outcome.complete());
    assertEquals(Set.of("checkpoint-4"), checkpoints(stopped.output()));
    assertFalse(Files.exists(stopped.output().resolve("adapter_model.safetensors")));
    stopped.stop(() -> false);
    assertTrue(stopped.go("--max_steps", "12", "--gradient_accumulation_steps", "3").complete());
    assertArrayEquals(whole.model().values(), stopped.model().values());
  }

  @Test
  void savesAndEvaluatesAtTheEndsOfEpochsOnceEach() throws IOException {
    String[] options = {
      "--save_strategy",
      "epoch",
      "--eval_strategy",
      "epoch",
      "--logging_strategy",
      "epoch",
      "--num_train_epochs",
      "3",
      "--gradient_accumulation_steps",
      "2"
    };
    FakeRun whole = new FakeRun(Files.createDirectory(folder.resolve("whole")), 5).validated();
    whole.go(options);
    assertEquals(
        Set.of("checkpoint-2", "checkpoint-5", "checkpoint-6"), checkpoints(whole.output()));
    FakeRun halved = new FakeRun(Files.createDirectory(folder.resolve("halved")), 5).validated();
    halved.stop(() -> halved.seen().size() == 5);
    halved.go(options);
    halved.stop(() -> false);
    halved.go(options);
    assertArrayEquals(whole.model().values(), halved.model().values());
    assertEquals(figures(whole.output()), figures(halved.output()));
  }

  /** The records without the times. */
  private static List<String> figures(Path output) throws IOException {
    List<String> figures = new ArrayList<>();
    for (MetricRecord metric : MetricsFile.read(output.resolve("metrics.jsonl"))) {
      TreeSet<String> names = new TreeSet<>(metric.values().keySet());
      names.removeIf(name -> name.contains("second") || name.contains("runtime"));
      for (String name : names) {
        figures.add(metric.step() + " " + name + " " + metric.values().get(name));
      }
    }
    return figures;
  }

  @Test
  void keepsTheBestAndTheLastCheckpoint() throws IOException {
    FakeRun run = new FakeRun(folder, 4).validated();
    Trainer.Output outcome =
        run.go(
            "--max_steps",
            "8",
            "--save_steps",
            "2",
            "--eval_steps",
            "2",
            "--eval_strategy",
            "steps",
            "--load_best_model_at_end",
            "--save_total_limit",
            "1",
            "--learning_rate",
            "2",
            "--lr_scheduler_type",
            "constant");
    double best = outcome.state().bestMetric().orElseThrow();
    List<Double> losses =
        MetricsFile.read(run.output().resolve("metrics.jsonl")).stream()
            .filter(metric -> metric.values().containsKey("eval_loss"))
            .map(metric -> metric.values().get("eval_loss"))
            .toList();
    assertEquals(losses.stream().min(Double::compare).orElseThrow(), best);
    // The last figure is of the model that was kept.
    assertEquals(best, losses.get(losses.size() - 1));
    Set<String> kept = checkpoints(run.output());
    assertTrue(kept.contains("checkpoint-8"), kept.toString());
    assertTrue(kept.size() <= 2, kept.toString());
    assertTrue(Files.isDirectory(outcome.state().bestCheckpoint().orElseThrow()));
  }

  @Test
  void writesTheStateInTheWayOfTransformers() throws IOException {
    FakeRun run = new FakeRun(folder, 4);
    run.go("--max_steps", "4", "--logging_steps", "2", "--save_steps", "2");
    JsonNode state =
        new ObjectMapper()
            .readTree(run.output().resolve("checkpoint-2/trainer_state.json").toFile());
    assertEquals(2, state.get("global_step").asInt());
    assertEquals(4, state.get("max_steps").asInt());
    assertEquals(0.5, state.get("epoch").asDouble());
    assertEquals(2, state.get("log_history").get(0).get("step").asInt());
    // The rate after two of four updates of a linear schedule.
    assertEquals(0.05, state.get("log_history").get(0).get("learning_rate").asDouble());
  }

  @Test
  void refusesToResumeWhereBatchesWouldBeOthers() throws IOException {
    new FakeRun(folder, 4).go("--max_steps", "4", "--save_steps", "2");
    FakeRun other = new FakeRun(folder, 4);
    IOException size =
        assertThrows(
            TrainingException.class,
            () -> other.go("--max_steps", "8", "--per_device_train_batch_size", "3"));
    assertTrue(size.getMessage().contains("per_device_train_batch_size was 8 and is 3"));
    IOException data =
        assertThrows(TrainingException.class, () -> new FakeRun(folder, 5).go("--max_steps", "8"));
    assertTrue(data.getMessage().contains("4 batches per epoch, now there are 5"));
    List<String> notes = new ArrayList<>();
    other.listener(
        new TrainerCallback() {
          @Override
          public void note(String text) {
            notes.add(text);
          }
        });
    assertEquals(8, other.go("--max_steps", "8").state().step());
    assertTrue(notes.toString().contains("max_steps was 4"), notes.toString());
  }

  @Test
  void beginsAnewOnlyWhenTold() throws IOException {
    FakeRun run = new FakeRun(folder, 4);
    Files.createDirectories(run.output());
    Files.writeString(run.output().resolve("notes.txt"), "mine");
    IOException failure = assertThrows(TrainingException.class, () -> run.go("--max_steps", "2"));
    assertTrue(failure.getMessage().contains("overwrite_output_dir"), failure.getMessage());
    assertThrows(
        TrainingException.class, () -> run.go("--max_steps", "2", "--resume_from_checkpoint"));
    run.go("--max_steps", "4", "--save_steps", "2", "--overwrite_output_dir");
    assertEquals(Set.of("checkpoint-2", "checkpoint-4"), checkpoints(run.output()));
    run.go("--max_steps", "3", "--save_steps", "3", "--overwrite_output_dir");
    assertEquals(Set.of("checkpoint-3"), checkpoints(run.output()));
    assertTrue(Files.exists(run.output().resolve("notes.txt")));
  }
}

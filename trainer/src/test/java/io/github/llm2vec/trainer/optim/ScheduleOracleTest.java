/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.optim.LearningRateSchedule.ScheduleType;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against transformers 4.44: its schedulers, and runs of its Trainer (make_schedules.py). */
class ScheduleOracleTest {

  private static Stream<JsonNode> cases(String name) throws IOException {
    try (InputStream in = ScheduleOracleTest.class.getResourceAsStream("schedules.json")) {
      JsonNode cases = new ObjectMapper().readTree(in).get(name);
      return StreamSupport.stream(cases.spliterator(), false);
    }
  }

  static Stream<JsonNode> schedules() throws IOException {
    return cases("schedules");
  }

  static Stream<JsonNode> runs() throws IOException {
    return cases("runs");
  }

  private static ScheduleType type(String name) {
    return Arrays.stream(ScheduleType.values())
        .filter(type -> type.optionName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void givesTheRatesOfTransformers(JsonNode expected) {
    JsonNode cycles = expected.get("cycles");
    LearningRateSchedule schedule =
        new LearningRateSchedule(
            type(expected.get("type").textValue()),
            expected.get("base").doubleValue(),
            expected.get("warmup").longValue(),
            expected.get("total").longValue(),
            cycles.isNull() ? LearningRateSchedule.DEFAULT_CYCLES : cycles.doubleValue());
    expected
        .get("rates")
        .fields()
        .forEachRemaining(
            entry -> {
              double rate = Double.parseDouble(entry.getValue().textValue());
              // The cosine of the C library and Java's may differ in the last bit of 1 + cos.
              double tolerance =
                  schedule.type() == ScheduleType.COSINE ? Math.ulp(schedule.baseRate()) : 0;
              assertEquals(rate, schedule.rate(Long.parseLong(entry.getKey())), tolerance);
            });
  }

  @ParameterizedTest
  @MethodSource("runs")
  void updatesWhenTheTrainerUpdates(JsonNode expected) {
    int accumulation = expected.get("accumulation").intValue();
    long batches =
        StepPlan.batches(
            expected.get("examples").longValue(),
            expected.get("batch").intValue(),
            expected.path("dataloader_drop_last").booleanValue());
    StepPlan plan =
        expected.has("max_steps")
            ? StepPlan.ofUpdates(batches, accumulation, expected.get("max_steps").longValue())
            : StepPlan.ofEpochs(
                batches, accumulation, expected.get("num_train_epochs").doubleValue());
    assertEquals(expected.get("total").longValue(), plan.totalUpdates());
    assertEquals(
        expected.get("warmup").longValue(),
        StepPlan.warmupUpdates(
            plan.totalUpdates(),
            expected.path("warmup_steps").doubleValue(),
            expected.path("warmup_ratio").doubleValue()));
    List<Long> updatesAfter = new ArrayList<>();
    for (long batch = 1; updatesAfter.size() < plan.totalUpdates(); batch++) {
      if (plan.updatesAfter(batch, (batch - 1) % batches + 1)) {
        updatesAfter.add(batch);
      }
    }
    List<Long> found = new ArrayList<>();
    expected.get("updates_after").forEach(after -> found.add(after.longValue()));
    assertEquals(found, updatesAfter);
  }

  /** The Trainer's order of examples is torch.randperm, seeded with the seed plus the epoch. */
  @ParameterizedTest
  @MethodSource("runs")
  void takesExamplesInTheOrderOfTheTrainer(JsonNode expected) {
    int examples = expected.get("examples").intValue();
    int kept =
        expected.path("dataloader_drop_last").booleanValue()
            ? examples - examples % expected.get("batch").intValue()
            : examples;
    List<Integer> seen = new ArrayList<>();
    expected.get("batches").forEach(batch -> batch.forEach(index -> seen.add(index.intValue())));
    for (int start = 0; start < seen.size(); start += kept) {
      int[] order =
          new TorchGenerator(expected.get("seed").longValue() + start / kept).permutation(examples);
      List<Integer> epoch = seen.subList(start, Math.min(seen.size(), start + kept));
      assertEquals(Arrays.stream(order).boxed().toList().subList(0, epoch.size()), epoch);
    }
  }

  /** The vector published with the specification. */
  @Test
  void givesTheKnownRates() {
    LearningRateSchedule schedule =
        new LearningRateSchedule(
            ScheduleType.LINEAR, 2e-4, 300, 8000, LearningRateSchedule.DEFAULT_CYCLES);
    assertEquals(0, schedule.rate(0));
    assertEquals(6.666667e-7, schedule.rate(1), 1e-12);
    assertEquals(1e-4, schedule.rate(150), 1e-12);
    assertEquals(1.993333e-4, schedule.rate(299), 1e-10);
    assertEquals(2e-4, schedule.rate(300), 1e-12);
    assertEquals(1.999740e-4, schedule.rate(301), 1e-10);
    assertEquals(1.818442e-4, schedule.rate(999), 1e-10);
  }

  @Test
  void countsAWarmupBelowOneAsAShare() {
    assertEquals(30, StepPlan.warmupUpdates(300, 0.1, 0));
    assertEquals(31, StepPlan.warmupUpdates(301, 0.1, 0.5));
    assertEquals(1, StepPlan.warmupUpdates(300, 1, 0.5));
  }

  @Test
  void refusesARunWithoutBatches() {
    assertThrows(IllegalArgumentException.class, () -> StepPlan.ofEpochs(0, 1, 3));
    assertThrows(IllegalArgumentException.class, () -> StepPlan.ofEpochs(5, 1, 0));
    assertTrue(StepPlan.ofEpochs(1, 64, 1).updatesAfter(1, 1));
  }
}

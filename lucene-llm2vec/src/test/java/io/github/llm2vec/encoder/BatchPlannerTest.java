/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.BatchPlanner.Batch;
import io.github.llm2vec.encoder.BatchPlanner.BatchPlan;
import io.github.llm2vec.encoder.BatchPlanner.Grouping;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchPlannerTest {

  private static final int ROUNDS = 400;

  @ParameterizedTest
  @EnumSource(Grouping.class)
  void holdsItsPromisesForRandomLengths(Grouping grouping) {
    long seed = System.nanoTime();
    System.err.println("BatchPlannerTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      int widest = 1 + random.nextInt(random.nextBoolean() ? 8 : 900);
      int[] lengths =
          IntStream.range(0, random.nextInt(200)).map(i -> random.nextInt(widest + 1)).toArray();
      BatchPlanner planner =
          new BatchPlanner(1 + random.nextInt(1500), 1 + random.nextInt(40), grouping);
      checkPlan(planner, lengths, "seed " + seed + " round " + round);
    }
  }

  private static void checkPlan(BatchPlanner planner, int[] lengths, String where) {
    BatchPlan plan = planner.plan(lengths);
    List<Integer> seen = new ArrayList<>();
    for (Batch batch : plan.batches()) {
      checkBatch(planner, batch, lengths, where);
      seen.addAll(batch.texts());
    }
    assertEquals(
        IntStream.range(0, lengths.length).boxed().toList(),
        seen.stream().sorted().toList(),
        where);
    for (int i = 1; i < seen.size(); i++) {
      int before = seen.get(i - 1);
      int after = seen.get(i);
      boolean ordered =
          lengths[before] > lengths[after] || (lengths[before] == lengths[after] && before < after);
      assertTrue(ordered, where + ": " + before + " before " + after);
    }
    assertEquals(IntStream.of(lengths).sum(), plan.tokens(), where);
    assertTrue(plan.paddingWaste() >= 0 && plan.paddingWaste() < 1, where);
    checkNoTwoNeighboursFitTogether(planner, plan, lengths, where);
  }

  private static void checkBatch(BatchPlanner planner, Batch batch, int[] lengths, String where) {
    int[] own = batch.texts().stream().mapToInt(i -> lengths[i]).toArray();
    assertTrue(own.length > 0 && own.length <= planner.maxTexts(), where);
    assertEquals(IntStream.of(own).sum(), batch.tokens(), where);
    assertEquals(IntStream.of(own).max().orElseThrow(), batch.longest(), where);
    assertTrue(cost(planner, batch) <= planner.maxTokens() || own.length == 1, where);
    if (planner.grouping() == Grouping.EQUAL_LENGTH) {
      assertEquals(1, IntStream.of(own).distinct().count(), where);
    }
  }

  /** No batch ends although its follower's first text would still have fitted. */
  private static void checkNoTwoNeighboursFitTogether(
      BatchPlanner planner, BatchPlan plan, int[] lengths, String where) {
    for (int i = 1; i < plan.batches().size(); i++) {
      Batch batch = plan.batches().get(i - 1);
      int next = lengths[plan.batches().get(i).texts().get(0)];
      List<Integer> more = new ArrayList<>(batch.texts());
      more.add(plan.batches().get(i).texts().get(0));
      Batch larger = new Batch(more, batch.longest(), batch.tokens() + next);
      boolean full =
          more.size() > planner.maxTexts()
              || cost(planner, larger) > planner.maxTokens()
              || (planner.grouping() == Grouping.EQUAL_LENGTH && next != batch.longest());
      assertTrue(full, where);
    }
  }

  private static long cost(BatchPlanner planner, Batch batch) {
    return planner.grouping() == Grouping.PADDED ? batch.paddedTokens() : batch.tokens();
  }

  @Test
  void putsATextOverTheBudgetAlone() {
    BatchPlan plan = new BatchPlanner(10, 8, Grouping.PACKED).plan(new int[] {3, 25, 4});
    assertEquals(List.of(1), plan.batches().get(0).texts());
    assertEquals(List.of(2, 0), plan.batches().get(1).texts());
  }

  @Test
  void reportsThePartThatWouldBePadding() {
    BatchPlan plan = new BatchPlanner(100, 8, Grouping.PACKED).plan(new int[] {10, 5});
    assertEquals(0.25, plan.paddingWaste(), 1e-9);
    assertEquals(0, new BatchPlanner(1, 1, Grouping.PACKED).plan(new int[0]).paddingWaste());
  }

  @Test
  void addsLengthsWithoutOverflow() {
    int[] lengths = {Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE};
    BatchPlan plan = new BatchPlanner(Integer.MAX_VALUE, 8, Grouping.PADDED).plan(lengths);
    assertEquals(3, plan.batches().size());
  }

  @Test
  void refusesLimitsBelowOne() {
    Exception error =
        assertThrows(IllegalArgumentException.class, () -> new BatchPlanner(0, 1, Grouping.PACKED));
    assertEquals("maxTokens must be >= 1, got 0", error.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new BatchPlanner(1, 0, Grouping.PACKED));
  }
}

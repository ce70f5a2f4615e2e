/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget;
import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.batching.StepCost;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchSizerTest {

  private static final long SECOND = 1_000_000_000L;

  private static BatchShape texts(int count, int length) {
    BatchShape shape = BatchShape.EMPTY;
    for (int i = 0; i < count; i++) {
      shape = shape.plus(length);
    }
    return shape;
  }

  private static BatchSizer sizer(ServingOptions options) {
    return new BatchSizer(options, BatchLayout.PACKED, 16_384);
  }

  /** Shows it steps of a device with these costs. */
  private static BatchSizer taught(BatchSizer sizer, StepCost cost) {
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      BatchShape shape = texts(1 + random.nextInt(30), 20 + random.nextInt(200));
      sizer.ran(shape, cost.millis(shape.tokens(), shape.squares()));
    }
    return sizer;
  }

  private static double drainMillis(BatchSizer sizer, long tokens) {
    BatchSizer.Steps steps = sizer.steps(Role.QUERY, 0);
    return tokens / (double) steps.tokens() * steps.millis(steps.tokens());
  }

  @Test
  void beginsWithStepsOfTheRidge() {
    BatchBudget budget = sizer(ServingOptions.defaults()).budget(0, 0);
    assertTrue(budget.allows(budget.documents(), texts(2, 128)));
    assertTrue(!budget.allows(budget.documents(), texts(2, 129)));
    assertTrue(!budget.allows(budget.topUp(), texts(1, 1)));
  }

  @Test
  void givesStepsTheTimeThatTheyMayTake() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(2, 0.05, 0));
    BatchBudget quiet = sizer.budget(0, 0);
    sizer.sawQuery(0);
    BatchBudget searched = sizer.budget(0, 10 * SECOND);
    assertEquals(400, quiet.documents().maxMillis());
    assertEquals(100, searched.documents().maxMillis());
    assertEquals(15, searched.queries().maxMillis());
    assertEquals(400, sizer.budget(0, 10 * SECOND + 1).documents().maxMillis());
    // 100 ms pay for (100 - 2) / 0.05 = 1960 tokens.
    assertTrue(searched.allows(searched.documents(), texts(19, 100)));
    assertTrue(!searched.allows(searched.documents(), texts(20, 100)));
  }

  @Test
  void lengthensStepsThatWouldMostlyPayTheFixedCost() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(80, 1, 0));
    // Four times as long while nobody searches, but a query that comes then can wait no longer.
    assertEquals(1000, sizer.budget(0, 0).documents().maxMillis());
    sizer.sawQuery(0);
    BatchBudget budget = sizer.budget(0, 0);
    assertEquals(400, budget.queries().maxMillis(), 20);
    assertEquals(400, budget.documents().maxMillis(), 20);
  }

  @Test
  void neverExceedsTheModelsTokens() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(0.1, 1e-4, 0));
    BatchBudget budget = sizer.budget(0, 0);
    assertTrue(budget.allows(budget.documents(), texts(128, 128)));
    assertTrue(!budget.allows(budget.documents(), texts(128, 129)));
  }

  @Test
  void halvesItsLimitForWantOfMemoryAndRecoversSlowly() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(0.1, 1e-4, 0));
    sizer.outOfMemory(texts(80, 100));
    assertEquals(4000, sizer.metrics(0).maxBatchTokens());
    sizer.outOfMemory(texts(100, 100));
    assertEquals(4000, sizer.metrics(0).maxBatchTokens());
    for (int i = 0; i < 255; i++) {
      sizer.ran(texts(40, 100), 1);
    }
    assertEquals(4000, sizer.metrics(0).maxBatchTokens());
    sizer.ran(texts(40, 100), 1);
    assertEquals(5000, sizer.metrics(0).maxBatchTokens());
    for (int i = 0; i < 100_000; i++) {
      sizer.ran(texts(1, sizer.metrics(0).maxBatchTokens()), 1);
    }
    assertEquals(16_384, sizer.metrics(0).maxBatchTokens());
  }

  @Test
  void limitsTheBacklogByTheTimeThatItTakes() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(0, 0.05, 0));
    sizer.sawQuery(0);
    assertEquals(20_000, (double) sizer.backlogTokens(Role.QUERY, 0), 400);
    assertEquals(600_000, (double) sizer.backlogTokens(Role.DOCUMENT, 0), 12_000);
    assertEquals(1000, drainMillis(sizer, 20_000), 20);
  }

  @Test
  void limitsTheBacklogByItsTimeHoweverSlowTheDevice() {
    for (double millisPerToken : new double[] {0.1, 1, 3, 10}) {
      BatchSizer sizer =
          taught(sizer(ServingOptions.defaults()), new StepCost(0, millisPerToken, 0));
      double tokens = 1000 / millisPerToken;
      assertEquals(tokens, (double) sizer.backlogTokens(Role.QUERY, 0), 0.03 * tokens);
      // Not even the ridge takes longer than half of it.
      assertTrue(!sizer.budget(0, 0).queries().allows((long) (0.6 * tokens), 600));
    }
  }

  @Test
  void halvesTheBacklogWhereStepsTakeTwiceTheirEstimate() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(0, 0.05, 0));
    long before = sizer.backlogTokens(Role.QUERY, 0);
    for (int i = 0; i < 20; i++) {
      sizer.paced(10, i % 2 == 0 ? 10 : 30);
    }
    assertEquals(before / 2.0, (double) sizer.backlogTokens(Role.QUERY, 0), 0.05 * before);
    assertEquals(2000, drainMillis(sizer, 20_000), 100);
  }

  @Test
  void manyWaitingQueriesGetLongerStepsButNoneAboveThatOfDocuments() {
    BatchSizer sizer = taught(sizer(ServingOptions.defaults()), new StepCost(2, 0.05, 0));
    assertEquals(15, sizer.budget(0, 0).queries().maxMillis());
    assertEquals(15, sizer.budget(600, 0).queries().maxMillis());
    assertEquals(50, sizer.budget(2000, 0).queries().maxMillis(), 1);
    assertEquals(100, sizer.budget(20_000, 0).queries().maxMillis());
    assertEquals(15, sizer.budget(20_000, 0).topUp().maxMillis());
  }
}

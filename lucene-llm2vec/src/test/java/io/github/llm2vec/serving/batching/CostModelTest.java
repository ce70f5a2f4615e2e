/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CostModelTest {

  private static final StepCost TRUE_COST = new StepCost(5, 1 / 30.0, 2e-5);

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** A batch of some texts of some length. */
  private void observe(CostModel model, StepCost truth, double noise) {
    int length = 10 + random.nextInt(500);
    int texts = 1 + random.nextInt(16);
    long tokens = (long) length * texts;
    long squares = tokens * length;
    double millis = truth.millis(tokens, squares) * (1 + noise * random.nextGaussian());
    model.observe(tokens, squares, millis);
  }

  @Test
  void knowsNothingAtFirst() {
    assertTrue(new CostModel().cost().isUnknown());
  }

  @Test
  void takesTheFirstStepForProportional() {
    CostModel model = new CostModel();
    model.observe(200, 4000, 10);
    assertEquals(new StepCost(0, 0.05, 0, 20), model.cost());
  }

  @Test
  void findsTheCoefficientsOfExactTimes() {
    CostModel model = new CostModel();
    for (int i = 0; i < 400; i++) {
      observe(model, TRUE_COST, 0);
    }
    StepCost found = model.cost();
    assertEquals(TRUE_COST.fixedMillis(), found.fixedMillis(), 0.05, "seed " + seed);
    assertEquals(TRUE_COST.millisPerToken(), found.millisPerToken(), 5e-4, "seed " + seed);
    assertEquals(TRUE_COST.millisPerSquare(), found.millisPerSquare(), 1e-6, "seed " + seed);
  }

  @Test
  void predictsWithinATenthFromTimesThatVaryByATenth() {
    CostModel model = new CostModel();
    for (int i = 0; i < 400; i++) {
      observe(model, TRUE_COST, 0.1);
    }
    for (long tokens : new long[] {400, 1000, 3000}) {
      double expected = TRUE_COST.millis(tokens, tokens * 100);
      double predicted = model.cost().millis(tokens, tokens * 100);
      assertEquals(expected, predicted, 0.1 * expected, "seed " + seed);
    }
  }

  @Test
  void keepsTheFixedPartWhileAllStepsAreAlike() {
    CostModel model = new CostModel();
    for (int i = 0; i < 400; i++) {
      observe(model, TRUE_COST, 0);
    }
    for (int i = 0; i < 5000; i++) {
      model.observe(3000, 600_000, TRUE_COST.millis(3000, 600_000));
    }
    assertEquals(TRUE_COST.fixedMillis(), model.cost().fixedMillis(), 1.5, "seed " + seed);
  }

  @Test
  void followsADeviceThatSlowsDown() {
    CostModel model = new CostModel();
    StepCost slow = new StepCost(10, 1 / 15.0, 4e-5);
    for (int i = 0; i < 400; i++) {
      observe(model, TRUE_COST, 0.05);
    }
    for (int i = 0; i < 400; i++) {
      observe(model, slow, 0.05);
    }
    double expected = slow.millis(2000, 400_000);
    assertEquals(expected, model.cost().millis(2000, 400_000), 0.1 * expected, "seed " + seed);
  }

  @Test
  void oneStepThatHangsDoesNotSpoilTheEstimate() {
    CostModel model = new CostModel();
    for (int i = 0; i < 100; i++) {
      observe(model, TRUE_COST, 0);
    }
    model.observe(1000, 100_000, 60_000);
    double expected = TRUE_COST.millis(1000, 100_000);
    assertEquals(expected, model.cost().millis(1000, 100_000), 0.2 * expected, "seed " + seed);
  }

  @Test
  void followsADeviceThatBecomesFiftyTimesSlowerAndRecovers() {
    CostModel model = new CostModel();
    StepCost slow = new StepCost(250, 50 / 30.0, 1e-3);
    for (int i = 0; i < 100; i++) {
      observe(model, TRUE_COST, 0.05);
    }
    for (StepCost truth : new StepCost[] {slow, TRUE_COST, slow, TRUE_COST}) {
      for (int i = 0; i < 5; i++) {
        observe(model, truth, 0.05);
      }
      double expected = truth.millis(2000, 400_000);
      assertEquals(expected, model.cost().millis(2000, 400_000), 0.5 * expected, "seed " + seed);
    }
  }

  @Test
  void stepsOfShortTextsTellNothingOfLongOnes() {
    CostModel model = new CostModel();
    for (int i = 0; i < 50; i++) {
      int length = 4 + random.nextInt(8);
      // Noise that hides what a token costs.
      model.observe(length, (long) length * length, 1 + 20 * random.nextDouble());
    }
    // Each token costs at most what one of the shortest texts does as a whole.
    assertTrue(model.cost().millis(4000, 4000L * 4000) < 4000 * 21, "seed " + seed);
  }

  @Test
  void slowFirstStepsAreForgottenSoon() {
    CostModel model = new CostModel();
    for (int i = 0; i < 4; i++) {
      observe(model, new StepCost(500, 100 / 30.0, 2e-3), 0.5);
    }
    for (int i = 0; i < 10; i++) {
      observe(model, TRUE_COST, 0.05);
    }
    double expected = TRUE_COST.millis(2000, 400_000);
    assertEquals(expected, model.cost().millis(2000, 400_000), expected, "seed " + seed);
  }

  @Test
  void isNeverNegativeWhateverTheTimes() {
    CostModel model = new CostModel();
    for (int i = 0; i < 2000; i++) {
      long tokens = 1L + random.nextInt(5000);
      model.observe(tokens, tokens * (1 + random.nextInt(500)), random.nextDouble() * 1000);
      StepCost cost = model.cost();
      assertTrue(
          cost.fixedMillis() >= 0 && cost.millisPerToken() >= 0 && cost.millisPerSquare() >= 0,
          "seed " + seed);
      assertTrue(cost.millis(1, 1) > 0, "seed " + seed);
    }
  }
}

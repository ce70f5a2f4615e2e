/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.batching.StepCost;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * What is promised on a device that does its worst, on simulated time: first steps that take up to
 * a hundred times as long as later ones, single steps that do, changes to a speed of up to fifty
 * times less and back, noise; with queries from none to several times what the device manages, in
 * bursts or evenly, of all lengths, with and without documents.
 *
 * <ul>
 *   <li>While the device is idle no query is refused.
 *   <li>Whatever the device does, a query that is served has waited for at most twice the promised
 *       second and one step, the longest that ran meanwhile.
 *   <li>Ten steps after the speed changed last, a query that is let in is served, having waited for
 *       at most twice the promised second, unless a step hangs meanwhile.
 * </ul>
 *
 * <p>More histories: {@code -Dllm2vec.histories=1000}.
 */
class UnsteadyDeviceTest {

  private static final int HISTORIES = Integer.getInteger("llm2vec.histories", 40);
  private static final double PROMISE_MILLIS = 1000;
  private static final int STEPS_TO_SETTLE = 10;

  private static double logUniform(Random random, double from, double to) {
    return from * Math.exp(random.nextDouble() * Math.log(to / from));
  }

  @Test
  void noHistoryMakesAnIdleDeviceRefuseOrAQueryWaitForLong() {
    int refusedAtWork = 0;
    int refusedLate = 0;
    int settled = 0;
    double longest = 0;
    double longestSettled = 0;
    long start = new Random().nextLong();
    for (int i = 0; i < HISTORIES; i++) {
      History history = new History(start + i);
      history.run();
      refusedAtWork += history.refused;
      refusedLate += history.refusedLate;
      settled += history.settledQueries;
      longest = Math.max(longest, history.longestWait);
      longestSettled = Math.max(longestSettled, history.longestSettledWait);
    }
    System.err.printf(
        "%d histories from seed %d: %d refused at once, %d after they had waited; longest wait %.0f ms"
            + " more than a step; of %d queries of settled times %.0f ms%n",
        HISTORIES, start, refusedAtWork, refusedLate, longest, settled, longestSettled);
    // Otherwise the histories show nothing.
    assertTrue(refusedAtWork > HISTORIES, refusedAtWork + " refused");
    assertTrue(settled > 10 * HISTORIES, settled + " waits");
  }

  /** One device and its users. */
  private static final class History {

    private record Step(double endMillis, double millis) {}

    private final long seed;
    private final Random random;
    private final ServiceHarness harness;
    private final StepCost cost;
    private final double noise;
    private final double hangs;
    private final double queriesPerSecond;
    private final double burst;
    private final int documentsUnderWay;
    private final double endMillis;

    private double slowness = 1;
    private double nextChange;
    private int steps;
    private int calmSteps;
    private int disturbances;
    private boolean running;
    private double settledAt = Double.POSITIVE_INFINITY;
    private double stepStart;
    private Optional<Step> lastStep = Optional.empty();
    private final Deque<Step> longSteps = new ArrayDeque<>();
    private int texts;
    private int documents;
    private int refused;
    private int settledQueries;
    private int refusedLate;
    private double longestWait;
    private double longestSettledWait;

    History(long seed) {
      this.seed = seed;
      random = new Random(seed);
      harness = new ServiceHarness(ServingOptions.defaults(), new QueryVectorCache(0));
      cost =
          new StepCost(
              logUniform(random, 0.1, 5),
              logUniform(random, 0.02, 0.2),
              random.nextDouble() * 1e-5);
      noise = random.nextDouble() * 0.3;
      hangs = random.nextBoolean() ? 0.01 : 0;
      // From hardly any to four times what the device manages at its best, at 20 tokens a query.
      queriesPerSecond = logUniform(random, 0.2, 4 * 1000 / (20 * cost.millisPerToken()));
      burst = logUniform(random, 1, 50);
      documentsUnderWay = random.nextBoolean() ? 0 : random.nextInt(40);
      endMillis = logUniform(random, 5_000, 20_000);
      harness.model.duringStep = this::step;
    }

    private void step(BatchShape shape) {
      boolean first = steps++ < 3;
      boolean hang = random.nextDouble() < hangs;
      if (harness.time.millis() > nextChange) {
        slowness = random.nextBoolean() ? 1 : logUniform(random, 1, 50);
        nextChange = harness.time.millis() + logUniform(random, 1000, 20_000);
        disturb();
      }
      double millis = cost.millis(shape.tokens(), shape.squares()) * slowness;
      millis *= Math.exp(noise * random.nextGaussian());
      if (first || hang) {
        millis *= logUniform(random, 1, 100);
        disturb();
      }
      if (calmSteps++ == STEPS_TO_SETTLE) {
        settledAt = harness.time.millis();
      }
      lastStep.ifPresent(this::remember);
      running = true;
      stepStart = harness.time.millis();
      harness.time.advance(millis);
      running = false;
      lastStep = Optional.of(new Step(harness.time.millis(), millis));
    }

    /** Only those steps count that are longer than all that ended later. */
    private void remember(Step step) {
      while (!longSteps.isEmpty() && longSteps.getLast().millis() <= step.millis()) {
        longSteps.removeLast();
      }
      longSteps.addLast(step);
    }

    /** The longest step that ended after a moment and before the present one began. */
    private double longestStepSince(double millis) {
      return longSteps.stream()
          .filter(step -> step.endMillis() >= millis)
          .mapToDouble(Step::millis)
          .findFirst()
          .orElse(0);
    }

    private void disturb() {
      calmSteps = 0;
      disturbances++;
      settledAt = Double.POSITIVE_INFINITY;
    }

    void run() {
      planQueries();
      while (harness.time.millis() < endMillis) {
        while (documents < documentsUnderWay) {
          String text = FakeModel.text(texts++, (int) logUniform(random, 8, 128));
          if (!harness.hasRoomFor(text)) {
            break;
          }
          document(text);
        }
        if (harness.isEmpty() && !harness.time.advanceToNext()) {
          throw new IllegalStateException("nothing left to happen");
        }
        harness.step();
      }
    }

    // What becomes of a future's dependents is seen in the counts.
    @SuppressWarnings("FutureReturnValueIgnored")
    private void document(String text) {
      documents++;
      harness.document(text).whenComplete((vector, failure) -> documents--);
    }

    private void planQueries() {
      double gap = -Math.log(1 - random.nextDouble()) * 1000 * burst / queriesPerSecond;
      harness.time.at(
          harness.time.millis() + gap,
          () -> {
            for (int i = 0; i < burst; i++) {
              query();
            }
            planQueries();
          });
    }

    @SuppressWarnings("FutureReturnValueIgnored")
    private void query() {
      double length =
          random.nextInt(20) == 0 ? logUniform(random, 60, 120) : 2 + random.nextInt(30);
      String text = FakeModel.text(texts++, (int) length);
      boolean idle = !running && harness.isEmpty();
      double arrival = harness.time.millis();
      int before = disturbances;
      // Whoever comes later is behind nobody that was let in while the speed was another.
      boolean settledBefore = settledAt + 2 * PROMISE_MILLIS < arrival;
      CompletableFuture<float[]> future =
          random.nextInt(4) == 0 ? harness.query(text, 2000) : harness.query(text);
      if (future.isCompletedExceptionally()) {
        refused++;
        assertEquals(false, idle, () -> "refused while idle: " + this);
        return;
      }
      future.whenComplete(
          (vector, failure) -> {
            boolean settled = settledBefore && before == disturbances;
            if (failure instanceof OverloadedException) {
              refusedLate++;
              assertFalse(settled, () -> "refused after it was let in: " + this);
            } else if (failure == null) {
              double waited = stepStart - arrival;
              double beyond = waited - longestStepSince(arrival);
              longestWait = Math.max(longestWait, beyond);
              assertTrue(
                  beyond <= 2 * PROMISE_MILLIS,
                  () -> "waited for " + waited + " ms, a step for " + beyond + " less: " + this);
              if (settled) {
                settledQueries++;
                longestSettledWait = Math.max(longestSettledWait, waited);
                assertTrue(
                    waited <= 2 * PROMISE_MILLIS, () -> "waited for " + waited + " ms: " + this);
              }
            }
          });
    }

    @Override
    public String toString() {
      return "seed %d at %.0f ms after %d steps, slowness %.1f, %s, noise %.2f, %.0f queries/s in bursts of %.0f, %d documents, estimate %s"
          .formatted(
              seed,
              harness.time.millis(),
              steps,
              slowness,
              cost,
              noise,
              queriesPerSecond,
              burst,
              documentsUnderWay,
              harness.service.metrics().sizing());
    }
  }
}

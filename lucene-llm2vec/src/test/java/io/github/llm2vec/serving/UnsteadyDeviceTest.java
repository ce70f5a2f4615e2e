/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.batching.StepCost;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is promised on a device that does its worst, on simulated time: first steps that take up to
 * a hundred times as long as later ones, single steps that do, changes to a speed of up to fifty
 * times less and back, noise; with queries from none to several times what the device manages, in
 * bursts or evenly, of all lengths, with and without documents. The same with two and three
 * devices, of which one may be many times slower than the others, and one may fail for a while.
 *
 * <ul>
 *   <li>While a device is idle no query is refused.
 *   <li>Whatever the device does, a query that is served has waited for at most twice the promised
 *       second and one step, the longest that ran meanwhile.
 *   <li>Ten steps after the speed of a device alone changed last, a query that is let in is served
 *       but for one in a thousand, having waited for at most twice the promised second, unless a
 *       step hangs meanwhile.
 *   <li>As long as one device works no text fails.
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

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void noHistoryMakesAnIdleDeviceRefuseOrAQueryWaitForLong(int devices) {
    int histories = HISTORIES / devices;
    int refusedAtWork = 0;
    int refusedLate = 0;
    int settled = 0;
    int refusedSettled = 0;
    int failures = 0;
    double longest = 0;
    double longestSettled = 0;
    long start = new Random().nextLong();
    for (int i = 0; i < histories; i++) {
      try (History history = new History(start + i, devices)) {
        history.run();
        refusedAtWork += history.refused;
        refusedLate += history.refusedLate;
        settled += history.settledQueries;
        refusedSettled += history.refusedSettled;
        failures += history.failures;
        longest = Math.max(longest, history.longestWait);
        longestSettled = Math.max(longestSettled, history.longestSettledWait);
      }
    }
    System.err.printf(
        "%d histories of %d devices from seed %d: %d refused at once, %d after they had waited; longest"
            + " wait %.0f ms more than a step; of %d queries of settled times %.0f ms; %d steps failed%n",
        histories,
        devices,
        start,
        refusedAtWork,
        refusedLate,
        longest,
        settled,
        longestSettled,
        failures);
    // Otherwise the histories show nothing.
    assertTrue(refusedAtWork > histories, refusedAtWork + " refused");
    assertTrue(devices > 1 || settled > 10 * histories, settled + " waits");
    // They come in clusters: one burst after a step that hung can have a dozen refused.
    assertTrue(refusedSettled <= 0.001 * settled + 30, refusedSettled + " refused, " + settled);
    assertTrue(devices == 1 || failures > 0, "no failures");
  }

  /** One of the devices. */
  private static final class Device {

    private final StepCost cost;
    private double slowness = 1;
    private double nextChange;
    private int steps;
    private int calmSteps;
    private double settledAt = Double.POSITIVE_INFINITY;
    private double stepStart;

    Device(StepCost cost) {
      this.cost = cost;
    }
  }

  /** Devices and their users. */
  private static final class History implements AutoCloseable {

    private record Step(double endMillis, double millis) {}

    private final long seed;
    private final Random random;
    private final ServiceHarness harness;
    private final SimulatedWorkers workers;
    private final List<Device> devices = new ArrayList<>();
    private final double noise;
    private final double hangs;
    private final double queriesPerSecond;
    private final double burst;
    private final int documentsUnderWay;
    private final double endMillis;

    private final double failsFrom;
    private final double failsUntil;
    private int disturbances;
    private int failures;
    private Optional<Step> lastStep = Optional.empty();
    private final Deque<Step> longSteps = new ArrayDeque<>();
    private int texts;
    private int documents;
    private int refused;
    private int settledQueries;
    private int refusedSettled;
    private int refusedLate;
    private double longestWait;
    private double longestSettledWait;
    private double stepStart;

    History(long seed, int count) {
      this.seed = seed;
      random = new Random(seed);
      harness = new ServiceHarness(ServingOptions.defaults(), new QueryVectorCache(0), count);
      workers = new SimulatedWorkers(harness);
      StepCost cost =
          new StepCost(
              logUniform(random, 0.1, 5),
              logUniform(random, 0.02, 0.2),
              random.nextDouble() * 1e-5);
      for (int i = 0; i < count; i++) {
        int device = i;
        boolean slow = i > 0 && random.nextInt(3) == 0;
        devices.add(new Device(slow ? times(cost, logUniform(random, 1, 20)) : cost));
        harness.model.onDevice.set(i, shape -> step(device, shape));
      }
      noise = random.nextDouble() * 0.3;
      hangs = random.nextBoolean() ? 0.01 : 0;
      // From hardly any to four times what the device manages at its best, at 20 tokens a query.
      queriesPerSecond = logUniform(random, 0.2, 4 * 1000 / (20 * cost.millisPerToken()));
      burst = logUniform(random, 1, 50);
      documentsUnderWay = random.nextBoolean() ? 0 : random.nextInt(40);
      endMillis = logUniform(random, 5_000, 20_000);
      boolean oneFails = count > 1 && random.nextBoolean();
      failsFrom = oneFails ? random.nextDouble() * endMillis : Double.POSITIVE_INFINITY;
      failsUntil = failsFrom + logUniform(random, 10, 20_000);
    }

    private static StepCost times(StepCost cost, double factor) {
      return new StepCost(
          factor * cost.fixedMillis(),
          factor * cost.millisPerToken(),
          factor * cost.millisPerSquare());
    }

    private void step(int index, BatchShape shape) {
      Device device = devices.get(index);
      double now = harness.time.millis();
      device.stepStart = now;
      if (index == 0 && now >= failsFrom && now < failsUntil) {
        failures++;
        disturb(device);
        workers.pass(index, 1);
        throw new IllegalStateException("CUDA error: unspecified launch failure");
      }
      boolean first = device.steps++ < 3;
      boolean hang = random.nextDouble() < hangs;
      if (now > device.nextChange) {
        device.slowness = random.nextBoolean() ? 1 : logUniform(random, 1, 50);
        device.nextChange = now + logUniform(random, 1000, 20_000);
        disturb(device);
      }
      double millis = device.cost.millis(shape.tokens(), shape.squares()) * device.slowness;
      millis *= Math.exp(noise * random.nextGaussian());
      if (first || hang) {
        millis *= logUniform(random, 1, 100);
        disturb(device);
      }
      if (device.calmSteps++ == STEPS_TO_SETTLE) {
        device.settledAt = now;
      }
      workers.pass(index, millis);
      // The one whose vectors come next is remembered after them.
      lastStep.ifPresent(this::remember);
      lastStep = Optional.of(new Step(harness.time.millis(), millis));
      stepStart = device.stepStart;
    }

    /** Only those steps count that are longer than all that ended later. */
    private void remember(Step step) {
      while (!longSteps.isEmpty() && longSteps.getLast().millis() <= step.millis()) {
        longSteps.removeLast();
      }
      longSteps.addLast(step);
    }

    /**
     * The longest step that ended after a moment and before the present one, or that another device
     * still runs.
     */
    private double longestStepSince(double millis) {
      double ended =
          longSteps.stream()
              .filter(step -> step.endMillis() >= millis)
              .mapToDouble(Step::millis)
              .findFirst()
              .orElse(0);
      double running = 0;
      for (int i = 0; i < devices.size(); i++) {
        if (workers.isBusy(i) && devices.get(i).stepStart != stepStart) {
          running = Math.max(running, harness.time.millis() - devices.get(i).stepStart);
        }
      }
      return Math.max(ended, running);
    }

    private void disturb(Device device) {
      device.calmSteps = 0;
      disturbances++;
      device.settledAt = Double.POSITIVE_INFINITY;
    }

    private double settledAt() {
      return devices.stream().mapToDouble(device -> device.settledAt).max().orElseThrow();
    }

    /** Whether a device runs nothing that works as far as anybody knows. */
    private boolean anyIdle() {
      List<ServingMetrics.Device> states = harness.service.metrics().devices();
      for (int i = 0; i < devices.size(); i++) {
        if (!workers.isBusy(i) && states.get(i).failure().isEmpty()) {
          return true;
        }
      }
      return false;
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
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
          order.add(i);
        }
        Collections.shuffle(order, random);
        workers.startFree(order);
        if (!harness.time.advanceToNext()) {
          throw new IllegalStateException("nothing left to happen");
        }
      }
    }

    @Override
    public void close() {
      workers.close();
    }

    // What becomes of a future's dependents is seen in the counts.
    @SuppressWarnings("FutureReturnValueIgnored")
    private void document(String text) {
      documents++;
      harness
          .document(text)
          .whenComplete(
              (vector, failure) -> {
                documents--;
                check(() -> assertNull(failure, () -> "a document failed: " + this));
              });
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
      boolean idle = anyIdle() && harness.isEmpty();
      double arrival = harness.time.millis();
      int before = disturbances;
      // Whoever comes later is behind nobody that was let in while the speed was another.
      // Several devices are hardly ever settled at once, so of one alone.
      boolean settledBefore = devices.size() == 1 && settledAt() + 2 * PROMISE_MILLIS < arrival;
      CompletableFuture<float[]> future =
          random.nextInt(4) == 0 ? harness.query(text, 2000) : harness.query(text);
      if (future.isCompletedExceptionally()) {
        refused++;
        assertEquals(false, idle, () -> "refused while idle: " + this);
        return;
      }
      future.whenComplete(
          (vector, failure) ->
              check(() -> ended(failure, arrival, settledBefore && before == disturbances)));
    }

    private void ended(@Nullable Throwable failure, double arrival, boolean settled) {
      if (failure instanceof OverloadedException) {
        refusedLate++;
        refusedSettled += settled ? 1 : 0;
        return;
      }
      if (failure != null) {
        assertInstanceOf(DeadlineExceededException.class, failure, () -> "a query failed: " + this);
        return;
      }
      double waited = stepStart - arrival;
      double beyond = waited - longestStepSince(arrival);
      longestWait = Math.max(longestWait, beyond);
      assertTrue(
          beyond <= 2 * PROMISE_MILLIS,
          () -> "waited for " + waited + " ms, a step for " + beyond + " less: " + this);
      if (settled) {
        settledQueries++;
        longestSettledWait = Math.max(longestSettledWait, waited);
        assertTrue(waited <= 2 * PROMISE_MILLIS, () -> "waited for " + waited + " ms: " + this);
      }
    }

    /** What is thrown in here would stay in the future. */
    private void check(Runnable assertions) {
      try {
        assertions.run();
      } catch (AssertionError e) {
        workers.fail(e);
      }
    }

    @Override
    public String toString() {
      return "seed %d at %.0f ms, %s, noise %.2f, %.0f queries/s in bursts of %.0f, %d documents, fails from %.0f to %.0f, estimates %s"
          .formatted(
              seed,
              harness.time.millis(),
              devices.stream()
                  .map(
                      d ->
                          "%s %.1f times slower after %d steps"
                              .formatted(d.cost, d.slowness, d.steps))
                  .toList(),
              noise,
              queriesPerSecond,
              burst,
              documentsUnderWay,
              failsFrom,
              failsUntil,
              harness.service.metrics().devices());
    }
  }
}

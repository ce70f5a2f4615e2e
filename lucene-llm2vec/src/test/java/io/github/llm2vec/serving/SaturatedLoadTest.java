/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.serving.batching.StepCost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is promised under load, on simulated time, beside what first come first served does on the
 * same device with the same users. One thread, no real time and a fixed seed: what passes once
 * passes always.
 */
class SaturatedLoadTest {

  /**
   * A device and its users.
   *
   * @param cost of a step
   * @param memoryTokens most tokens of a step
   * @param documents under way at any time, fewer than the lane holds
   * @param minutes that are simulated
   */
  private record Device(StepCost cost, int memoryTokens, int documents, int minutes) {}

  /** About a model of 8 billion parameters on a large GPU: 30,000 tokens a second. */
  private static final Device LARGE_GPU =
      new Device(new StepCost(5, 1 / 30.0, 1e-6), 16_384, 128, 1);

  /** About a model of a billion parameters on a few cores: 330 tokens a second. */
  private static final Device FEW_CORES = new Device(new StepCost(80, 3, 1e-4), 2048, 32, 5);

  private static final double JITTER = 0.03;

  private static final long SEED = 20_240_607;

  private LoadSimulation run(Scheduling scheduling, Device device, double queriesPerSecond) {
    ServingOptions options =
        ServingOptions.builder().scheduling(scheduling).maxBatchTokens(device.memoryTokens).build();
    LoadSimulation.Load load =
        new LoadSimulation.Load(device.cost, JITTER, queriesPerSecond, device.documents);
    return new LoadSimulation(options, load, SEED).run(60_000.0 * device.minutes);
  }

  private String message(LoadSimulation ours, LoadSimulation fifo) {
    return "seed " + SEED + "\nours: " + ours + "\nfifo: " + fifo;
  }

  @ParameterizedTest
  @ValueSource(doubles = {2, 20, 200})
  void aQueryWaitsForOneStepOfDocumentsAtMost(double queriesPerSecond) {
    LoadSimulation ours = run(Scheduling.TWO_LANE, LARGE_GPU, queriesPerSecond);
    LoadSimulation fifo = run(Scheduling.FIFO, LARGE_GPU, queriesPerSecond);
    double documentStep = ServingOptions.defaults().documentStep().toMillis();
    // The vector itself, not only its turn, comes within 20 ms more.
    assertTrue(ours.queryMillis(0.99) <= documentStep + 20, () -> message(ours, fifo));
    assertTrue(fifo.queryMillis(0.99) >= 8 * documentStep, () -> message(ours, fifo));
    assertEquals(0, ours.refused(), () -> message(ours, fifo));
  }

  @Test
  void theShortStepsCostLittleOfTheIngest() {
    LoadSimulation ours = run(Scheduling.TWO_LANE, LARGE_GPU, 5);
    LoadSimulation fifo = run(Scheduling.FIFO, LARGE_GPU, 5);
    assertTrue(
        ours.documentTokensPerSecond() >= 0.9 * fifo.documentTokensPerSecond(),
        () -> message(ours, fifo));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ingestAloneIsNearlyAsFastAsInFullBatches(boolean gpu) {
    Device device = gpu ? LARGE_GPU : FEW_CORES;
    LoadSimulation ours = run(Scheduling.TWO_LANE, device, 0);
    LoadSimulation fifo = run(Scheduling.FIFO, device, 0);
    assertTrue(
        ours.documentTokensPerSecond() >= 0.9 * fifo.documentTokensPerSecond(),
        () -> message(ours, fifo));
  }

  @Test
  void onASlowDeviceAQueryWaitsForOneStepToo() {
    LoadSimulation ours = run(Scheduling.TWO_LANE, FEW_CORES, 1);
    LoadSimulation fifo = run(Scheduling.FIFO, FEW_CORES, 1);
    // Here the longest document is the longest step, and a query takes 0.2 s by itself.
    double step = FEW_CORES.cost.millis(512, 512 * 512) * (1 + 3 * JITTER);
    assertTrue(ours.queryMillis(0.99) <= step + 400, () -> message(ours, fifo));
    assertTrue(fifo.queryMillis(0.99) >= 5 * ours.queryMillis(0.99), () -> message(ours, fifo));
  }

  @Test
  void moreQueriesThanTheDeviceManagesAreRefusedAndTheOthersAnsweredInAboutASecond() {
    LoadSimulation ours = run(Scheduling.TWO_LANE, LARGE_GPU, 2000);
    assertTrue(ours.refused() > 0, ours::toString);
    assertTrue(ours.queryMillis(0.99) <= 1500, ours::toString);
    // Documents keep about a quarter of the steps.
    assertTrue(ours.documentTokensPerSecond() >= 0.15 * 30_000, ours::toString);
  }
}

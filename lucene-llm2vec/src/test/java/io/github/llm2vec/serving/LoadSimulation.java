/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.batching.StepCost;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A device under load, by simulated time: a stream of documents that never ends, because a fixed
 * number of them is under way whenever the service lets so many in, and queries that arrive at
 * random (a Poisson process). The service is the real one, with its cost model learning and its
 * figures; only time and the device are made up.
 *
 * <p>Everything runs on one thread, so a document that is not let in waits outside: how much the
 * service lets in depends on what it has learned of the device, and submitting more would block the
 * thread that alone could make room.
 */
final class LoadSimulation {

  /**
   * What the simulated device and its users are like.
   *
   * @param cost of its steps
   * @param jitter standard deviation of a step's time, as a part of it
   * @param queriesPerSecond on average
   * @param documentsUnderWay at any time, or fewer while the service lets fewer in
   */
  record Load(StepCost cost, double jitter, double queriesPerSecond, int documentsUnderWay) {}

  /** Time before anything is counted, in which the service learns what steps cost. */
  private static final double WARM_UP_MILLIS = 10_000;

  private final Load load;
  private final Random random;
  private final ServiceHarness harness;
  private final List<Double> queryMillis = new ArrayList<>();
  private final List<Double> documentMillis = new ArrayList<>();
  private double longestStep;
  private double endMillis;
  private long documentTokens;
  private int underWay;
  private Optional<String> nextDocument = Optional.empty();
  private int nextText;
  private int refused;

  LoadSimulation(ServingOptions options, Load load, long seed) {
    this.load = load;
    this.random = new Random(seed);
    this.harness = new ServiceHarness(options, new QueryVectorCache(0));
    harness.model.duringStep = this::step;
  }

  private void step(BatchShape shape) {
    double noise = Math.max(0.5, 1 + load.jitter * random.nextGaussian());
    double millis = noise * load.cost.millis(shape.tokens(), shape.squares());
    if (isCounted()) {
      longestStep = Math.max(longestStep, millis);
    }
    harness.time.advance(millis);
  }

  private boolean isCounted() {
    return harness.time.millis() > WARM_UP_MILLIS;
  }

  /** Lets so much time pass, after the warm-up. */
  LoadSimulation run(double millis) {
    endMillis = WARM_UP_MILLIS + millis;
    if (load.queriesPerSecond > 0) {
      planQuery();
    }
    while (harness.time.millis() < endMillis) {
      addDocuments();
      if (harness.isEmpty() && !harness.time.advanceToNext()) {
        throw new IllegalStateException("nothing left to happen");
      }
      harness.step();
    }
    return this;
  }

  private void addDocuments() {
    while (underWay < load.documentsUnderWay) {
      String text = nextDocument.orElseGet(this::makeDocument);
      if (!harness.hasRoomFor(text)) {
        nextDocument = Optional.of(text);
        return;
      }
      nextDocument = Optional.empty();
      addDocument(text);
    }
  }

  private String makeDocument() {
    int tokens = (int) Math.min(512, Math.max(16, Math.exp(5 + 0.6 * random.nextGaussian())));
    return FakeModel.text(nextText++, tokens);
  }

  // What becomes of a future's dependents is seen in the figures.
  @SuppressWarnings("FutureReturnValueIgnored")
  private void addDocument(String text) {
    underWay++;
    double start = harness.time.millis();
    harness
        .document(text)
        .thenAccept(
            vector -> {
              underWay--;
              if (isCounted()) {
                documentTokens += (long) vector[0];
                documentMillis.add(harness.time.millis() - start);
              }
            });
  }

  private void planQuery() {
    double gap = -Math.log(1 - random.nextDouble()) * 1000 / load.queriesPerSecond;
    harness.time.at(
        harness.time.millis() + gap,
        () -> {
          query();
          planQuery();
        });
  }

  @SuppressWarnings("FutureReturnValueIgnored")
  private void query() {
    double start = harness.time.millis();
    boolean counted = isCounted();
    harness
        .query(FakeModel.text(nextText++, 8 + random.nextInt(32)))
        .whenComplete(
            (vector, failure) -> {
              if (failure != null) {
                refused++;
              } else if (counted) {
                queryMillis.add(harness.time.millis() - start);
              }
            });
  }

  /** Time from a query's arrival to its vector that a part of the queries keeps to. */
  double queryMillis(double part) {
    return quantile(queryMillis, part);
  }

  /** Time from a document's arrival to its vector that a part of them keeps to. */
  double documentMillis(double part) {
    return quantile(documentMillis, part);
  }

  private static double quantile(List<Double> values, double part) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(part * sorted.length) - 1];
  }

  double documentTokensPerSecond() {
    return documentTokens / (endMillis - WARM_UP_MILLIS) * 1000;
  }

  double longestStepMillis() {
    return longestStep;
  }

  int refused() {
    return refused;
  }

  ServingMetrics metrics() {
    return harness.service.metrics();
  }

  @Override
  public String toString() {
    return "query p50 %.0f ms, p99 %.0f ms; document p99 %.0f ms; %.0f document tokens/s; longest step %.0f ms; refused %d"
        .formatted(
            queryMillis(0.5),
            queryMillis(0.99),
            documentMillis(0.99),
            documentTokensPerSecond(),
            longestStep,
            refused);
  }
}

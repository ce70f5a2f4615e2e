/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import java.util.Optional;
import java.util.function.LongSupplier;

/** What the sides of a service share, put together. */
record ServiceParts(
    BatchModel model,
    QueryVectorCache cache,
    ServiceClock clock,
    FigureKeeper figures,
    WaitingRoom room,
    BatchRunner runner) {

  static ServiceParts of(
      BatchModel model, ServingOptions options, QueryVectorCache cache, LongSupplier nanoTime) {
    ServiceClock clock = new ServiceClock(nanoTime);
    FigureKeeper figures = new FigureKeeper(clock.nanos());
    StepSizer sizer = new StepSizer(options, model.layout(), model.maxBatchTokens());
    WaitingRoom room =
        new WaitingRoom(options, sizer, clock, figures, key -> known(model, cache, key));
    BatchRunner runner = new BatchRunner(model, sizer, clock, figures);
    return new ServiceParts(model, cache, clock, figures, room, runner);
  }

  /** The vector of a text that was encoded before. */
  Optional<float[]> known(TextKey key) {
    return known(model, cache, key);
  }

  private static Optional<float[]> known(BatchModel model, QueryVectorCache cache, TextKey key) {
    return key.prompt().role() == Role.QUERY
        ? cache.get(model.fingerprint(), key)
        : Optional.empty();
  }
}

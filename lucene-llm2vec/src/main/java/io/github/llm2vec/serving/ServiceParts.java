/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.metrics.MetricsRecorder;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Components that the callers' side and the scheduler of a service share. */
record ServiceParts(
    BatchModel model,
    QueryVectorCache cache,
    ServiceClock clock,
    MetricsRecorder metrics,
    RequestQueue room,
    BatchRunner runner) {

  static ServiceParts of(
      BatchModel model, ServingOptions options, QueryVectorCache cache, LongSupplier nanoTime) {
    ServiceClock clock = new ServiceClock(nanoTime);
    MetricsRecorder metrics = new MetricsRecorder(clock.nanos());
    BatchSizer sizer = new BatchSizer(options, model.layout(), model.maxBatchTokens());
    RequestQueue room =
        new RequestQueue(options, sizer, clock, metrics, key -> known(model, cache, key));
    BatchRunner runner = new BatchRunner(model, sizer, clock, metrics);
    return new ServiceParts(model, cache, clock, metrics, room, runner);
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.metrics.MetricsRecorder;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Components that the callers' side and the workers of a service share. */
record ServiceParts(
    BatchModel model,
    QueryVectorCache cache,
    ServiceClock clock,
    MetricsRecorder metrics,
    Devices devices,
    RequestQueue room) {

  static ServiceParts of(
      BatchModel model, ServingOptions options, QueryVectorCache cache, LongSupplier nanoTime) {
    ServiceClock clock = new ServiceClock(nanoTime);
    Devices devices = new Devices(model, options);
    MetricsRecorder metrics = new MetricsRecorder(devices.all().size(), clock.nanos());
    RequestQueue room =
        new RequestQueue(options, devices, clock, metrics, key -> known(model, cache, key));
    return new ServiceParts(model, cache, clock, metrics, devices, room);
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

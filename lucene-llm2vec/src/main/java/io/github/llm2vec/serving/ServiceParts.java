/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Adapter;
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

  /**
   * The adapter of a name, none for "".
   *
   * @throws IllegalArgumentException if none of that name is open
   */
  Optional<Adapter> adapter(String name) {
    return name.isEmpty() ? Optional.empty() : Optional.of(model.adapter(name));
  }

  /** Identity of the vector that a text gets. */
  String fingerprint(TextKey key) {
    return fingerprint(model, key);
  }

  private static String fingerprint(BatchModel model, TextKey key) {
    return key.adapter().map(Adapter::fingerprint).orElseGet(model::fingerprint);
  }

  /** The vector of a text that was encoded before. */
  Optional<float[]> known(TextKey key) {
    return known(model, cache, key);
  }

  private static Optional<float[]> known(BatchModel model, QueryVectorCache cache, TextKey key) {
    return key.prompt().role() == Role.QUERY
        ? cache.get(fingerprint(model, key), key)
        : Optional.empty();
  }
}

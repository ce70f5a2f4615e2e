/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A service without threads: steps run when the test says so, take no real time, and futures end on
 * the test's thread.
 */
final class ServiceHarness {

  static final Prompt QUERY = Prompt.query("find:");
  static final Prompt DOCUMENT = Prompt.document();

  final SimulatedTime time = new SimulatedTime();
  final FakeModel model;
  final QueryVectorCache cache;
  final EncoderService service;
  final Scheduler scheduler;
  private final ServiceParts parts;

  ServiceHarness() {
    this(ServingOptions.defaults());
  }

  ServiceHarness(ServingOptions options) {
    this(options, QueryVectorCache.ofDefaultSize());
  }

  ServiceHarness(ServingOptions options, QueryVectorCache cache) {
    this(options, cache, 1);
  }

  ServiceHarness(ServingOptions options, QueryVectorCache cache, int devices) {
    this.cache = cache;
    model = new FakeModel(devices);
    parts = ServiceParts.of(model, options, cache, time);
    scheduler = new Scheduler(parts, Runnable::run, () -> {});
    service = new EncoderService(parts, scheduler, Duration.ZERO);
    costs(5, 0.03);
  }

  /** What steps take: something fixed and something per token, in milliseconds. */
  @CanIgnoreReturnValue
  ServiceHarness costs(double fixedMillis, double millisPerToken) {
    model.duringStep = shape -> time.advance(fixedMillis + millisPerToken * shape.tokens());
    return this;
  }

  /** Runs steps of all sizes, so that the service knows what they cost. */
  @CanIgnoreReturnValue
  ServiceHarness warm() {
    for (int i = 1; i <= 40; i++) {
      for (int j = 0; j < i; j++) {
        document(FakeModel.text(-1000 * i - j, 5 * i));
      }
      drain();
    }
    time.advance(10_000);
    model.batches.clear();
    return this;
  }

  @CanIgnoreReturnValue
  CompletableFuture<float[]> query(String text) {
    return service.submit(new EncodeRequest(text, QUERY));
  }

  @CanIgnoreReturnValue
  CompletableFuture<float[]> query(String text, long patienceMillis) {
    return service.submit(new EncodeRequest(text, QUERY).within(Duration.ofMillis(patienceMillis)));
  }

  @CanIgnoreReturnValue
  CompletableFuture<float[]> document(String text) {
    return service.submit(new EncodeRequest(text, DOCUMENT));
  }

  /** Whether a document would be let in; if not, submitting it would block the only thread. */
  boolean hasRoomFor(String text) {
    return parts.room().hasRoomFor(new TextKey(DOCUMENT, text), model.tokenize(text, DOCUMENT));
  }

  boolean isEmpty() {
    ServingMetrics metrics = service.metrics();
    return metrics.queries().texts() + metrics.documents().texts() == 0;
  }

  /** Runs steps until nothing waits. */
  void drain() {
    while (!isEmpty()) {
      step();
    }
  }

  /** Whether a device is left out and to be tried again now. */
  boolean isToBeTried(int device) {
    return parts.room().isToBeTried(parts.devices().all().get(device));
  }

  /** Runs the next step of the one device. */
  void step() {
    scheduler.workers().get(0).step();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.Nanos;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The devices of a service together: how much they do in a lane's time, and when they will have
 * done what waits. Those that are left out count for nothing. Guarded by the lock of the {@link
 * RequestQueue}.
 */
final class Devices {

  private final List<DeviceState> all = new ArrayList<>();

  Devices(BatchModel model, ServingOptions options) {
    model.devices().forEach(device -> all.add(new DeviceState(all.size(), device, options)));
    if (all.isEmpty()) {
      throw new IllegalArgumentException("the model has no device; this is a bug");
    }
  }

  List<DeviceState> all() {
    return List.copyOf(all);
  }

  private Stream<DeviceState> working() {
    return all.stream().filter(DeviceState::works);
  }

  /** How many work. */
  int workingCount() {
    return (int) working().count();
  }

  /**
   * Checks that any device works.
   *
   * @throws DevicesFailedException if all are left out
   */
  void requireAny(long nowNanos) {
    if (workingCount() == 0) {
      throw failed(nowNanos);
    }
  }

  /** What is told while all devices are left out. */
  DevicesFailedException failed(long nowNanos) {
    long retry = all.stream().mapToLong(DeviceState::retryNanos).min().orElseThrow();
    List<String> reasons =
        all.stream().map(state -> state.device().name() + ": " + state.failure()).toList();
    return new DevicesFailedException(
        reasons, Nanos.ofMillis(Math.max(1, Nanos.toMillis(retry - nowNanos))));
  }

  /** How many run nothing. */
  int idleCount() {
    return (int) working().filter(DeviceState::isIdle).count();
  }

  /** Notes that somebody searches. */
  void sawQuery(long nowNanos) {
    all.forEach(state -> state.sizer().sawQuery(nowNanos));
  }

  /** Most tokens that may wait in a lane: what all devices are expected to run in its time. */
  long backlogTokens(Role lane, long nowNanos) {
    return working().mapToLong(state -> state.sizer().backlogTokens(lane, nowNanos)).sum();
  }

  /** The same, of devices that go on to be as slow as they are with their present steps. */
  long slowedBacklogTokens(Role lane, long nowNanos) {
    return working()
        .mapToLong(
            state ->
                (long) (state.sizer().backlogTokens(lane, nowNanos) / state.slowness(nowNanos)))
        .sum();
  }

  /**
   * After how many milliseconds the first device has done its next step, if it is like the present
   * one and both go as the last ones did.
   */
  double millisToNextStepsEnd(long nowNanos) {
    return working()
        .mapToDouble(
            state ->
                state.sizer().pacedMillis(state.remainingMillis(nowNanos) + state.stepMillis()))
        .min()
        .orElse(0);
  }

  /**
   * Estimated milliseconds until so many tokens of usual length in one lane's steps are done, each
   * step by the device that is free first after its present one.
   */
  double millisToDrain(Role lane, long tokens, long nowNanos) {
    List<Plan> plans = working().map(state -> new Plan(state, lane, nowNanos)).toList();
    if (plans.isEmpty()) {
      return 0;
    }
    long left = tokens;
    double end = plans.stream().mapToDouble(plan -> plan.freeAt).min().orElseThrow();
    while (left > 0) {
      Plan first = plans.get(0);
      for (Plan plan : plans) {
        first = plan.freeAt < first.freeAt ? plan : first;
      }
      left -= first.step(left);
      end = first.freeAt;
    }
    return end;
  }

  /** A device with the steps that it is expected to do. */
  private static final class Plan {

    private final BatchSizer.Steps steps;
    private final double slowness;
    private double freeAt;

    Plan(DeviceState state, Role lane, long nowNanos) {
      steps = state.sizer().steps(lane, nowNanos);
      slowness = state.slowness(nowNanos);
      freeAt = state.remainingMillis(nowNanos);
    }

    /** Plans a step of at most so many tokens; returns how many it has. */
    long step(long most) {
      long tokens = Math.min(most, steps.tokens());
      freeAt += slowness * steps.millis(tokens);
      return tokens;
    }
  }
}

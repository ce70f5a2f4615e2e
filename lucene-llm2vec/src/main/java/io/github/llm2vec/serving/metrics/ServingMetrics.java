/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.metrics;

import io.github.llm2vec.serving.batching.StepCost;
import java.util.List;

/**
 * Snapshot of what an {@code EncoderService} does and has done since it was started. Immutable.
 *
 * @param queries waiting in their lane
 * @param documents waiting in theirs
 * @param work what was encoded
 * @param sharing what did not need to be encoded
 * @param losses what was not answered with a vector
 * @param timings how long the stages take
 * @param devices what each device does, at least one
 */
public record ServingMetrics(
    Lane queries,
    Lane documents,
    Work work,
    Sharing sharing,
    Losses losses,
    Timings timings,
    List<Device> devices) {

  /** Copies the list. */
  public ServingMetrics {
    devices = List.copyOf(devices);
  }

  /** How steps of the first device are sized at the moment. */
  public Sizing sizing() {
    return devices.get(0).sizing();
  }

  /** How many devices are left out because they fail. */
  public int failedDevices() {
    return (int) devices.stream().filter(device -> !device.failure().isEmpty()).count();
  }

  /**
   * A device of the model.
   *
   * @param name such as {@code cuda:1}
   * @param failure why it is left out, or "" if it works
   * @param steps batches that it ran
   * @param tokens that it encoded
   * @param busy part of the time of late in which it ran a batch, from 0 to 1
   * @param sizing how its steps are sized at the moment
   */
  public record Device(
      String name, String failure, long steps, long tokens, double busy, Sizing sizing) {}

  /**
   * A lane of the queue.
   *
   * @param texts waiting
   * @param tokens waiting
   * @param blockedCallers threads that wait for room
   */
  public record Lane(int texts, long tokens, int blockedCallers) {}

  /**
   * What was encoded.
   *
   * @param queries texts
   * @param documents texts
   * @param tokens of both
   * @param steps batches that the devices ran
   * @param paddingWaste part of the positions that would be padding if the rows of every batch were
   *     padded to its longest, from 0 to 1; says how alike in length batches are
   * @param tokensPerSecond of late, idle time included
   * @param busy part of the time of late in which the devices ran batches, from 0 to 1, on average
   */
  public record Work(
      long queries,
      long documents,
      long tokens,
      long steps,
      double paddingWaste,
      double tokensPerSecond,
      double busy) {}

  /**
   * What did not need to be encoded.
   *
   * @param cacheHits queries whose vector was still there
   * @param cacheMisses queries whose vector was not
   * @param joined texts that were under way for another caller already
   */
  public record Sharing(long cacheHits, long cacheMisses, long joined) {}

  /**
   * What was not answered with a vector, in texts but for the last.
   *
   * @param overloaded refused because the queue was full
   * @param deadlines refused or dropped because of their deadline
   * @param cancelled given up by their callers
   * @param failed failed by the model or the tokenizer
   * @param outOfMemory batches that had to be split for want of memory
   */
  public record Losses(
      long overloaded, long deadlines, long cancelled, long failed, long outOfMemory) {}

  /**
   * How long the stages take, in milliseconds, and how large batches are.
   *
   * @param queryQueue from a query's arrival to its step
   * @param documentQueue from a document's admission to its step
   * @param tokenize of one text
   * @param step of one batch
   * @param batchTokens tokens of one batch
   */
  public record Timings(
      Histogram queryQueue,
      Histogram documentQueue,
      Histogram tokenize,
      Histogram step,
      Histogram batchTokens) {}

  /**
   * How steps are sized.
   *
   * @param cost what batches are found to cost
   * @param maxBatchTokens most tokens of a step, less than at the start after a lack of memory
   * @param queryStepMillis how long a step of queries may take
   * @param documentStepMillis how long a step of documents may take
   */
  public record Sizing(
      StepCost cost, int maxBatchTokens, double queryStepMillis, double documentStepMillis) {}
}

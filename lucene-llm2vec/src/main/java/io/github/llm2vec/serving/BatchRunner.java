/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.DeviceOutOfMemoryException;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.metrics.MetricsRecorder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Runs a batch on one device and, if it fails, bisects it to find the texts to blame. Each of them
 * then fails alone: with one such text among n this takes about 2 log n further steps. A batch that
 * lacks memory is halved too, and later ones are smaller.
 *
 * <p>Before a text is blamed, the device has to encode one that is known to be harmless, and the
 * text fails again after it. If the harmless one fails too, it is the device that does not work.
 */
record BatchRunner(
    BatchModel model, DeviceState device, ServiceClock clock, MetricsRecorder metrics) {

  private static final String HARMLESS = "Does this device work?";

  /**
   * Runs a batch.
   *
   * @param batch at least one text
   * @param consumer told the results of every part that needs no further step, in order; every text
   *     is told once
   * @throws DeviceFailedException if the device does not work; holds the texts not told
   */
  void run(List<PendingText> batch, BiConsumer<List<PendingText>, List<EncodingResult>> consumer)
      throws DeviceFailedException {
    Deque<List<PendingText>> parts = new ArrayDeque<>();
    parts.push(batch);
    while (!parts.isEmpty()) {
      List<PendingText> part = parts.pop();
      try {
        consumer.accept(part, step(part));
      } catch (PartFailedException e) {
        if (part.size() == 1) {
          requireWorks(part.get(0), parts);
          consumer.accept(part, List.of(again(part)));
        } else {
          int middle = part.size() / 2;
          parts.push(part.subList(middle, part.size()));
          parts.push(part.subList(0, middle));
        }
      }
    }
  }

  /** What comes of a text on a device that works: what failed may have been the device before. */
  private EncodingResult again(List<PendingText> alone) {
    try {
      return step(alone).get(0);
    } catch (PartFailedException e) {
      int tokens = alone.get(0).tokens().length();
      return new EncodingResult.Failed(TextFailedException.inModel(tokens, e.reason()));
    }
  }

  private void requireWorks(PendingText failed, Deque<List<PendingText>> others)
      throws DeviceFailedException {
    try {
      probe();
    } catch (RuntimeException e) {
      List<PendingText> left = new ArrayList<>();
      left.add(failed);
      others.forEach(left::addAll);
      throw new DeviceFailedException(left, e);
    }
  }

  /**
   * Has the device encode a text that is known to be harmless.
   *
   * @throws RuntimeException if it does not work
   */
  void probe() {
    device.device().encode(List.of(model.tokenize(HARMLESS, Prompt.document())));
  }

  private List<EncodingResult> step(List<PendingText> part) throws PartFailedException {
    BatchShape shape = BatchShape.EMPTY;
    for (PendingText text : part) {
      shape = shape.plus(text.tokens().length());
    }
    long start = clock.nanos();
    float[][] vectors;
    try {
      vectors = device.device().encode(part.stream().map(PendingText::tokens).toList());
    } catch (DeviceOutOfMemoryException e) {
      device.sizer().outOfMemory(shape);
      metrics.outOfMemory();
      throw new PartFailedException(e);
    } catch (RuntimeException e) {
      throw new PartFailedException(e);
    } finally {
      metrics.ran(device.index(), clock.millisSince(start), clock.nanos());
    }
    requireShape(vectors, part.size());
    device.sizer().ran(shape, clock.millisSince(start));
    metrics.finished(device.index(), shape, clock.nanos());
    List<EncodingResult> results = new ArrayList<>(vectors.length);
    for (int i = 0; i < vectors.length; i++) {
      results.add(checked(vectors[i], part.get(i)));
    }
    return results;
  }

  private void requireShape(float[][] vectors, int texts) throws PartFailedException {
    boolean wrong = vectors.length != texts;
    for (float[] vector : vectors) {
      wrong |= vector.length != model.dimensions();
    }
    if (wrong) {
      throw new PartFailedException(
          new IllegalStateException(
              "the model gave %s vectors for %s texts, or not all of %s dimensions; this is a bug"
                  .formatted(vectors.length, texts, model.dimensions())));
    }
  }

  private static EncodingResult checked(float[] vector, PendingText text) {
    for (float value : vector) {
      if (!Float.isFinite(value)) {
        return new EncodingResult.Failed(
            TextFailedException.notFinite(text.tokens().length(), value));
      }
    }
    return new EncodingResult.Encoded(vector);
  }

  /** The same, or an exception that holds it. */
  static RuntimeException asRuntime(Throwable failure) {
    return failure instanceof RuntimeException exception
        ? exception
        : new IllegalStateException(String.valueOf(failure), failure);
  }

  /** The device does not work. */
  static final class DeviceFailedException extends Exception {

    private static final long serialVersionUID = 1;

    private final transient List<PendingText> left;
    private final RuntimeException reason;

    DeviceFailedException(List<PendingText> left, RuntimeException reason) {
      super(reason);
      this.left = left;
      this.reason = reason;
    }

    /** The texts of the batch that have no end yet. */
    List<PendingText> left() {
      return left;
    }

    RuntimeException reason() {
      return reason;
    }
  }

  /** Some text of a part is to blame, or there are too many. */
  private static final class PartFailedException extends Exception {

    private static final long serialVersionUID = 1;

    private final RuntimeException reason;

    PartFailedException(RuntimeException reason) {
      super(reason);
      this.reason = reason;
    }

    RuntimeException reason() {
      return reason;
    }
  }
}

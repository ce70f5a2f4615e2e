/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.log.MetricRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A callback for the events of a training run, like {@code transformers.TrainerCallback}. Called on
 * the training thread, in order.
 */
public interface TrainerCallback {

  /**
   * The beginning of a run, or its resumption.
   *
   * @param step updates made already
   * @param last the update at which it ends
   * @param cost what a token costs
   */
  record Start(long step, long last, Cost cost) {}

  /**
   * Floating point operations of the matrix products of training, by which the speed of a run
   * compares with that of the machine (MFU).
   *
   * @param operationsPerToken multiplications and additions, attention scores left out
   * @param dtype the format they are computed in
   * @param devices where
   */
  record Cost(double operationsPerToken, DType dtype, List<TorchDevice> devices) {

    /** Copies the list. */
    public Cost {
      devices = List.copyOf(devices);
    }
  }

  /**
   * An update of the weights.
   *
   * @param step its number, from 1
   * @param loss mean loss of its batches
   * @param gradientNorm norm of all gradients before clipping
   * @param learningRate the rate it was made with
   * @param tokens tokens of its batches
   * @param seconds time it took
   */
  record Step(
      long step,
      double loss,
      double gradientNorm,
      double learningRate,
      long tokens,
      double seconds) {}

  /** A run begins or is resumed. */
  default void started(Start start) {}

  /** A message for whoever watches the run. */
  default void note(String text) {}

  /**
   * A teacher encodes the texts that a student will learn.
   *
   * @param done texts so far
   * @param total of all that are encoded now
   */
  default void teacherEncoded(int done, int total) {}

  /** An update was made. */
  default void updated(Step step) {}

  /** Metrics were logged. */
  default void logged(MetricRecord metric) throws IOException {}

  /** A checkpoint is on the disk. */
  default void saved(Path checkpoint) {}
}

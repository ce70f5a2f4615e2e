/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.llm2vec.decoder.DecoderSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The tensors of a batch that a training module reads, by their places in its list {@code d}. */
final class BatchInputs {

  /**
   * Consecutive texts of a batch.
   *
   * @param batch the texts
   * @param seed of their dropout
   * @param first number of the first of them in the whole batch
   */
  record Part(PackedBatch batch, long seed, int first) {

    Pass pass(double weight) {
      return new Pass(seed, first, weight);
    }
  }

  /**
   * What a pass over a batch needs beside its texts.
   *
   * @param seed of its dropout
   * @param first number of its first text, from which dropout by text counts
   * @param weight of the loss in the gradient
   */
  record Pass(long seed, int first, double weight) {

    /** A pass that draws no dropout and has no gradient. */
    static final Pass EVALUATION = new Pass(0, 0, 0);

    /** What {@link DropoutScript} reads by text. */
    long[] seeds(PackedBatch batch) {
      LongStream rows =
          IntStream.range(0, batch.texts())
              .boxed()
              .flatMapToInt(text -> DropoutSeeds.rows(seed, first + text, batch.length(text)))
              .asLongStream();
      return LongStream.concat(LongStream.of(seed, 0, 0), rows).toArray();
    }
  }

  private BatchInputs() {}

  /**
   * Rejects a batch that the model cannot take. On a GPU an id out of range would end the whole
   * process' use of the device.
   */
  static void check(PackedBatch batch, DecoderSpec spec, int maxTokens) {
    if (batch.texts() == 0) {
      throw new IllegalArgumentException("an empty batch has no loss; skip it");
    }
    if (batch.smallestId() < 0 || batch.largestId() >= spec.vocabSize()) {
      throw new IllegalArgumentException(
          "token ids from "
              + batch.smallestId()
              + " to "
              + batch.largestId()
              + " do not fit the model's vocabulary of "
              + spec.vocabSize());
    }
    if (batch.longest() > maxTokens) {
      throw new IllegalArgumentException(
          "a text of " + batch.longest() + " tokens is longer than " + maxTokens);
    }
  }

  /** 0 to 5: ids, positions, groups, gather, scatter and mask, see {@link DecoderScript}. */
  static List<PtNDArray> of(
      PackedBatch batch, OptionalInt longRopeBeyond, boolean padded, NativeScope scope) {
    List<PtNDArray> inputs = new ArrayList<>();
    inputs.add(scope.longs(batch.ids(batch.tokens())));
    inputs.add(scope.longs(batch.positions(longRopeBeyond, batch.tokens())));
    inputs.add(scope.longs(padded ? new long[0] : batch.groups(batch.tokens())));
    inputs.add(scope.longs(padded ? batch.gather() : new long[0]));
    inputs.add(scope.longs(padded ? batch.scatter(batch.tokens()) : new long[0]));
    inputs.add(
        padded
            ? scope.bools(batch.mask(), batch.texts(), batch.longest())
            : scope.bools(new boolean[0], 0, 0));
    return inputs;
  }

  /** 6 and 7: seeds of dropout, see {@link DropoutScript}, and the weight. */
  static List<PtNDArray> of(
      Pass pass, PackedBatch batch, boolean dropoutByText, NativeScope scope) {
    return List.of(
        dropoutByText ? scope.longsOnHost(pass.seeds(batch)) : scope.longs(pass.seed()),
        scope.scalar(pass.weight()));
  }

  /** 8 and 9: which tokens predict, and what. */
  static List<PtNDArray> labels(PackedBatch batch, NativeScope scope) {
    return List.of(scope.longs(batch.predictor()), scope.longs(batch.label()));
  }

  /**
   * 8 to 11: what is pooled, then how many texts there are and a number that the method defines.
   */
  static List<PtNDArray> pooling(PackedBatch batch, long number, NativeScope scope) {
    float[] weights = batch.poolWeight();
    return List.of(
        scope.longs(batch.poolToken()),
        scope.longs(batch.poolRow()),
        scope.floats(weights, weights.length),
        scope.longs(batch.vectors(), number));
  }

  /** 12 to 15: the factor of cosines, the index of every query's own text, widths and weights. */
  static List<PtNDArray> targets(
      int queries, double scale, MatryoshkaDims dims, NativeScope scope) {
    long[] own = new long[queries];
    Arrays.setAll(own, i -> i);
    return List.of(
        scope.scalar(scale), scope.longs(own), widths(dims, scope), weights(dims, scope));
  }

  /** 12 to 15: the teacher's vectors, the numbers of the loss, widths and weights. */
  static List<PtNDArray> targets(float[][] teacher, DistillationLoss loss, NativeScope scope) {
    int width = teacher[0].length;
    float[] vectors = new float[Math.multiplyExact(teacher.length, width)];
    for (int i = 0; i < teacher.length; i++) {
      System.arraycopy(teacher[i], 0, vectors, i * width, width);
    }
    float[] numbers = loss.numbers();
    return List.of(
        scope.floats(vectors, teacher.length, width),
        scope.floats(numbers, numbers.length),
        widths(loss.dims(), scope),
        weights(loss.dims(), scope));
  }

  private static PtNDArray widths(MatryoshkaDims dims, NativeScope scope) {
    return scope.longs(dims.dims().stream().mapToLong(Integer::longValue).toArray());
  }

  private static PtNDArray weights(MatryoshkaDims dims, NativeScope scope) {
    float[] weights = new float[dims.weights().size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = dims.weights().get(i).floatValue();
    }
    return scope.floats(weights, weights.length);
  }
}

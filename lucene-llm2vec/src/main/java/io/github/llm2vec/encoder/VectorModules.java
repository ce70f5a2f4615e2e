/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.checkpoint.SentenceTransformersConfig.SentenceModule;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * What sentence-transformers does to a pooled vector: linear layers with an activation, one after
 * the other, and scaling to length one. Immutable; runs on the calling thread, since its cost is
 * far below that of a decoder.
 *
 * @param width width of the vectors that come out
 */
record VectorModules(int width, List<Step> steps) {

  /**
   * Reads modules.
   *
   * @param pooled width of the vectors that come in
   * @throws ModelFormatException if a file is damaged or does not fit, or an activation is unknown
   */
  static VectorModules load(int pooled, List<SentenceModule> modules) throws IOException {
    int width = pooled;
    List<Step> steps = new ArrayList<>();
    for (SentenceModule module : modules) {
      if (module instanceof SentenceModule.Dense dense) {
        if (dense.in() != width) {
          throw wrong(
              dense.weights(),
              "takes vectors of " + dense.in() + " dimensions, but gets them of " + width);
        }
        steps.add(Dense.load(dense));
        width = dense.out();
      } else {
        steps.add(new Normalize());
      }
    }
    return new VectorModules(width, List.copyOf(steps));
  }

  /** Puts a vector through all modules. */
  float[] apply(float[] vector) {
    float[] result = vector;
    for (Step step : steps) {
      result = step.apply(result);
    }
    return result;
  }

  /** Adds all that shapes a vector to a digest; nothing if there are no modules. */
  void digest(MessageDigest digest) {
    steps.forEach(step -> step.digest(digest));
  }

  private static ModelFormatException wrong(Path file, String problem) {
    return new ModelFormatException(file, problem, "Fetch the complete model");
  }

  private sealed interface Step {

    float[] apply(float[] vector);

    void digest(MessageDigest digest);
  }

  private record Normalize() implements Step {

    @Override
    public float[] apply(float[] vector) {
      return Vectors.finish(vector.clone(), vector.length, true);
    }

    @Override
    public void digest(MessageDigest digest) {
      digest.update((byte) 'N');
    }
  }

  /** Weights are kept transposed, {@code (in, out)}: sums then run along memory. */
  private static final class Dense implements Step {

    private final int in;
    private final int out;
    private final float[] weight; // (in, out)
    private final float[] bias; // (out), zeros if there is none
    private final float[] residual; // (in, out), empty for the input itself
    private final boolean addsInput;
    private final String activation;
    private final DoubleUnaryOperator function;

    private Dense(SentenceModule.Dense layer, TensorSource tensors) throws IOException {
      this.in = layer.in();
      this.out = layer.out();
      this.weight =
          TensorSource.transposed(read(tensors, layer, "linear.weight", out, in), out, in);
      this.bias = layer.bias() ? read(tensors, layer, "linear.bias", out) : new float[out];
      this.addsInput = layer.residual();
      this.residual =
          addsInput && in != out
              ? TensorSource.transposed(read(tensors, layer, "residual.weight", out, in), out, in)
              : new float[0];
      this.activation = layer.activation();
      this.function = Activations.named(layer.activation());
    }

    static Dense load(SentenceModule.Dense layer) throws IOException {
      try (TensorSource tensors = Safetensors.openFile(layer.weights())) {
        return new Dense(layer, tensors);
      } catch (IllegalArgumentException e) {
        throw wrong(layer.weights(), "has an activation that is not known: " + e.getMessage());
      }
    }

    private static float[] read(
        TensorSource tensors, SentenceModule.Dense layer, String name, long... shape)
        throws IOException {
      long[] found = tensors.shape(name).orElse(new long[0]);
      if (!Arrays.equals(found, shape) || tensors.dtype(name).isEmpty()) {
        throw wrong(
            layer.weights(),
            "must have a tensor "
                + name
                + " of shape "
                + Arrays.toString(shape)
                + ", found "
                + Arrays.toString(found));
      }
      float[] values = tensors.readAll(name);
      for (float value : values) {
        if (!Float.isFinite(value)) {
          throw wrong(layer.weights(), "holds NaN or infinite values in " + name);
        }
      }
      return values;
    }

    @Override
    public float[] apply(float[] vector) {
      float[] result = bias.clone();
      addProduct(weight, vector, result);
      for (int j = 0; j < out; j++) {
        result[j] = (float) function.applyAsDouble(result[j]);
      }
      if (addsInput && residual.length > 0) {
        addProduct(residual, vector, result);
      } else if (addsInput) {
        for (int j = 0; j < out; j++) {
          result[j] += vector[j];
        }
      }
      return result;
    }

    private void addProduct(float[] matrix, float[] vector, float[] sums) {
      for (int i = 0; i < in; i++) {
        float factor = vector[i];
        int row = i * out;
        for (int j = 0; j < out; j++) {
          sums[j] += factor * matrix[row + j];
        }
      }
    }

    @Override
    public void digest(MessageDigest digest) {
      digest.update(activation.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      digest.update((byte) (addsInput ? 1 : 0));
      for (float[] values : List.of(weight, bias, residual)) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        digest.update(bytes);
      }
    }
  }
}

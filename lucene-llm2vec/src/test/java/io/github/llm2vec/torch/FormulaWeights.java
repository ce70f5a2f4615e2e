/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.model.DType;
import io.github.llm2vec.model.TensorSource;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tensors whose values are a closed formula of their name and index, so that any implementation in
 * any language can make the same model: with s the sum of the name's bytes and k the flat index,
 * {@code 0.3 sin(0.37 k + 0.11 s)} for weights and biases, {@code 1 + 0.1 sin(...)} for norms
 * ({@code 0.1 sin(...)} where norms are stored as offsets from one).
 */
final class FormulaWeights implements TensorSource {

  private final Map<String, long[]> shapes;
  private final boolean onePlusNorm;
  private final double amplitude;

  FormulaWeights(Map<String, long[]> shapes, boolean onePlusNorm, double amplitude) {
    this.shapes = Map.copyOf(shapes);
    this.onePlusNorm = onePlusNorm;
    this.amplitude = amplitude;
  }

  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public Optional<long[]> shape(String name) {
    return Optional.ofNullable(shapes.get(name)).map(long[]::clone);
  }

  @Override
  public Optional<DType> dtype(String name) {
    return shape(name).map(shape -> DType.FLOAT32);
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) {
    long sum = 0;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      sum += b & 0xFF;
    }
    boolean norm = name.contains("norm");
    for (long k = firstElement; target.hasRemaining(); k++) {
      double wave = Math.sin(0.37 * k + 0.11 * sum);
      target.put((float) (norm ? (onePlusNorm ? 0 : 1) + 0.1 * wave : amplitude * wave));
    }
  }

  @Override
  public void close() {}
}

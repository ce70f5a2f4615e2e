/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A matrix that numpy wrote (src/test/python/make_vector_files.py) as embeddings. */
class InitialEmbeddingsTest {

  private static final Path MATRIX =
      Path.of("src/test/resources/io/github/llm2vec/trainer/distillation/single.npy");

  /** A model whose weights are all 5. */
  private record Fives(Map<String, long[]> shapes) implements TensorSource {

    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public Optional<long[]> shape(String name) {
      return Optional.ofNullable(shapes.get(name));
    }

    @Override
    public void read(String name, long firstElement, FloatBuffer target) {
      while (target.hasRemaining()) {
        target.put(5);
      }
    }

    @Override
    public void close() {}
  }

  private static Fives model(long tokens) {
    return new Fives(
        Map.of("embed_tokens.weight", new long[] {tokens, 3}, "norm.weight", new long[] {3}));
  }

  @Test
  void givesTheRowsAsEmbeddingsAndLeavesTheRest() throws IOException {
    try (TensorSource weights = InitialEmbeddings.open(model(4), MATRIX)) {
      assertEquals(Set.of("embed_tokens.weight", "norm.weight"), weights.names());
      assertArrayEquals(
          new float[] {0.5f, -1.25f, 3, 0.1f, 0.2f, 0.3f, -2, 0, 1e-3f, 7, 8, 9},
          weights.readAll("embed_tokens.weight"));
      assertArrayEquals(new float[] {5, 5, 5}, weights.readAll("norm.weight"));
      float[] middle = new float[5]; // from the middle of a row into the next but one
      weights.read("embed_tokens.weight", 2, FloatBuffer.wrap(middle));
      assertArrayEquals(new float[] {3, 0.1f, 0.2f, 0.3f, -2}, middle);
    }
  }

  @Test
  void refusesAnotherShape() {
    IOException failure =
        assertThrows(IOException.class, () -> InitialEmbeddings.open(model(5), MATRIX));
    assertTrue(
        failure.getMessage().endsWith("[4, 3], but the embeddings of the model have [5, 3]"),
        failure.getMessage());
  }
}

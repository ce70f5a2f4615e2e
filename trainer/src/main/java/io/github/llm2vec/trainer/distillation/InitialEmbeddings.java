/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a new model whose embeddings of tokens are given: the rows of a {@code .npy}
 * matrix, one for each token in the order of their ids. The other weights are those of another
 * source.
 */
public record InitialEmbeddings(TensorSource others, NumpyArray rows) implements TensorSource {

  private static final String EMBEDDING = "embed_tokens.weight";

  /**
   * Opens a matrix; the result closes both.
   *
   * @param others all weights of the model, also its embeddings, which are not read
   * @param file {@code .npy}, shape {@code [vocabulary, hidden size]}
   * @throws IOException if the file is no matrix, or not of the shape of the embeddings
   */
  public static InitialEmbeddings open(TensorSource others, Path file) throws IOException {
    NumpyArray rows = NumpyArray.open(file);
    long[] shape = others.shape(EMBEDDING).orElseThrow();
    if (!Arrays.equals(shape, new long[] {rows.rows(), rows.columns()})) {
      rows.close();
      throw new IOException(
          "%s has the shape [%s, %s], but the embeddings of the model have %s"
              .formatted(file, rows.rows(), rows.columns(), Arrays.toString(shape)));
    }
    return new InitialEmbeddings(others, rows);
  }

  @Override
  public Set<String> names() {
    return others.names();
  }

  @Override
  public Optional<long[]> shape(String name) {
    return others.shape(name);
  }

  @Override
  public Optional<DType> dtype(String name) {
    return others.dtype(name);
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) throws IOException {
    if (!name.equals(EMBEDDING)) {
      others.read(name, firstElement, target);
      return;
    }
    float[] row = new float[rows.columns()];
    for (long element = firstElement; target.hasRemaining(); ) {
      int column = (int) (element % row.length);
      int count = Math.min(target.remaining(), row.length - column);
      rows.read(Math.toIntExact(element / row.length), row);
      target.put(row, column, count);
      element += count;
    }
  }

  @Override
  public void close() throws IOException {
    try (others;
        rows) {
      // Both are closed, whatever the first says.
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.torch.MatrixProduct;
import io.github.llm2vec.torch.TorchDevice;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * The matrix product through libtorch, several times as fast as {@link JavaScoreBlocks} and on a
 * GPU if there is one. Owns what it holds there.
 */
public record TorchScoreBlocks(MatrixProduct products) implements ScoreBlocks {

  /**
   * Starts libtorch.
   *
   * @throws IllegalStateException if there is no libtorch for this platform
   */
  public static TorchScoreBlocks open(TorchDevice device) {
    return new TorchScoreBlocks(MatrixProduct.open(device));
  }

  /**
   * The product through libtorch or, where there is none for this platform, in Java.
   *
   * @param threads of the one in Java
   * @param notice told why it is Java, if it is
   */
  public static ScoreBlocks orJava(TorchDevice device, int threads, Consumer<String> notice) {
    try {
      return open(device);
    } catch (IllegalStateException e) {
      notice.accept("The exact search runs in Java, several times slower: " + e.getMessage());
      return new JavaScoreBlocks(threads);
    }
  }

  @Override
  public Queries prepare(float[] queries, int dimensions) {
    MatrixProduct.Prepared prepared = products.prepare(queries, dimensions);
    return new Queries() {
      @Override
      public void score(ByteBuffer documents, int count, float[] scores) {
        prepared.multiply(documents, count, scores);
      }

      @Override
      public void close() {
        prepared.close();
      }
    };
  }

  @Override
  public void close() {
    products.close();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.jni.IValue;
import java.lang.ref.Cleaner;

/**
 * A low-rank adapter in the memory of a decoder's device, to be given with batches. Immutable. Its
 * memory is freed when nobody refers to it any more, since batches under way may still need it.
 */
public final class DecoderAdapter {

  private static final Cleaner CLEANER = Cleaner.create();

  private final IValue tensors;
  private final long bytes;

  /**
   * Takes tensors over.
   *
   * @param tensors a list in the order of the {@link AdapterLayout}
   */
  DecoderAdapter(IValue tensors, long bytes) {
    this.tensors = tensors;
    this.bytes = bytes;
    CLEANER.register(this, tensors::close);
  }

  IValue tensors() {
    return tensors;
  }

  /** Memory that it takes on the device. */
  public long bytes() {
    return bytes;
  }

  /**
   * Tokens of a batch that an adapter is added for.
   *
   * @param adapter of the decoder that runs the batch
   * @param first the first of the tokens
   * @param tokens how many
   */
  public record Segment(DecoderAdapter adapter, int first, int tokens) {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.data.RecordStream;
import java.io.Closeable;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * The batches of a training or validation set, like a {@code torch.utils.data.DataLoader}. The same
 * epoch has the same batches every time, and can be entered at any of them, so that a run goes on
 * where it stopped.
 *
 * @param <B> what a batch is
 */
public interface DataLoader<B> extends Closeable {

  /** Batches of an epoch; unknown where data is read as it comes. */
  OptionalLong batchesPerEpoch();

  /**
   * The batches of an epoch. Reading them blocks on files and tokenizers, so training reads them
   * through a {@link io.github.llm2vec.trainer.data.Prefetcher}.
   *
   * @param epoch number of the epoch, from 0
   * @param firstBatch batches to leave out at its start
   */
  RecordStream<B> epoch(long epoch, long firstBatch) throws IOException;
}

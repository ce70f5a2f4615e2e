/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.StreamSlice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The batches of a {@link MaskFile}, the same in every epoch. */
public final class MaskFileDataLoader implements DataLoader<MntpBatch> {

  private final Path file;
  private final long batches;

  /** Opens a file, reading it once. */
  public MaskFileDataLoader(Path file) throws IOException {
    this.file = file;
    long count = 0;
    try (MaskFile all = new MaskFile(file)) {
      while (all.next().isPresent()) {
        count++;
      }
    }
    this.batches = count;
  }

  @Override
  public OptionalLong batchesPerEpoch() {
    return OptionalLong.of(batches);
  }

  @Override
  public RecordStream<MntpBatch> epoch(long epoch, long firstBatch) throws IOException {
    MaskFile all = new MaskFile(file);
    return new StreamSlice<>(all, firstBatch, Long.MAX_VALUE);
  }

  @Override
  public void close() {}
}

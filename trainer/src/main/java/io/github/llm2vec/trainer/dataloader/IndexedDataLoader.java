/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.Sampler;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;

/**
 * A data loader over a map-style dataset: rows with random access, in the order of a {@link
 * Sampler}. Owns what the rows come from.
 *
 * @param <R> what a row is
 * @param <B> what a batch is
 */
public final class IndexedDataLoader<R, B> implements DataLoader<B> {

  /** Reads a row. */
  public interface RowReader<R> {
    R read(long row, long epoch) throws IOException;
  }

  /** Makes a batch of rows. */
  public interface BatchMaker<R, B> {
    B make(List<R> rows, long epoch, long batch) throws IOException;
  }

  /**
   * The parts of it.
   *
   * @param order the order of an epoch; as long in every epoch
   * @param reader reads a row
   * @param maker makes a batch
   * @param batchSize rows of a batch
   * @param dropLast whether a last batch that is not full is left out
   * @param owned what is closed with the source
   */
  public record Parts<R, B>(
      LongFunction<Sampler> order,
      RowReader<R> reader,
      BatchMaker<R, B> maker,
      int batchSize,
      boolean dropLast,
      Closeable owned) {}

  private final Parts<R, B> parts;
  private final long rows;

  public IndexedDataLoader(Parts<R, B> parts) {
    this.parts = parts;
    this.rows = parts.order().apply(0).size();
  }

  private long batches() {
    long full = rows / parts.batchSize();
    boolean tail = rows % parts.batchSize() > 0 && !parts.dropLast();
    return full + (tail ? 1 : 0);
  }

  @Override
  public OptionalLong batchesPerEpoch() {
    return OptionalLong.of(batches());
  }

  @Override
  public RecordStream<B> epoch(long epoch, long firstBatch) {
    Sampler order = parts.order().apply(epoch);
    return new RecordStream<>() {
      private long batch = firstBatch;

      @Override
      public Optional<B> next() throws IOException {
        if (batch >= batches()) {
          return Optional.empty();
        }
        List<R> batchRows = new ArrayList<>();
        long end = Math.min(rows, (batch + 1) * parts.batchSize());
        for (long place = batch * parts.batchSize(); place < end; place++) {
          batchRows.add(parts.reader().read(order.at(place), epoch));
        }
        return Optional.of(parts.maker().make(batchRows, epoch, batch++));
      }
    };
  }

  @Override
  public void close() throws IOException {
    parts.owned().close();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * A data loader over an iterable-style dataset with a shuffle buffer: a row leaves the buffer when
 * another takes its place. Entering an epoch in its middle reads all that comes before.
 *
 * @param <R> what a row is
 * @param <B> what a batch is
 */
final class StreamingDataLoader<R, B> implements DataLoader<B> {

  /** Opens the rows anew. */
  interface Opener<R> {
    RecordStream<R> open() throws IOException;
  }

  /**
   * The parts of it.
   *
   * @param rows opens the rows
   * @param maker makes a batch
   * @param batchSize rows of a batch; a last batch that is not full is left out
   * @param buffer rows that are mixed
   * @param seed seed of the mixing
   */
  record Parts<R, B>(
      Opener<R> rows,
      IndexedDataLoader.BatchMaker<R, B> maker,
      int batchSize,
      int buffer,
      long seed) {}

  private final Parts<R, B> parts;

  StreamingDataLoader(Parts<R, B> parts) {
    this.parts = parts;
  }

  @Override
  public OptionalLong batchesPerEpoch() {
    return OptionalLong.empty();
  }

  @Override
  public RecordStream<B> epoch(long epoch, long firstBatch) throws IOException {
    Mixed<R> mixed =
        new Mixed<>(
            parts.rows().open(), parts.buffer(), new SplittableRandom(parts.seed() + epoch));
    return new RecordStream<>() {
      private long batch;

      @Override
      public Optional<B> next() throws IOException {
        while (batch < firstBatch) {
          mixed.take(parts.batchSize());
          batch++;
        }
        List<R> rows = mixed.take(parts.batchSize());
        return rows.size() < parts.batchSize()
            ? Optional.empty()
            : Optional.of(parts.maker().make(rows, epoch, batch++));
      }

      @Override
      public void close() throws IOException {
        mixed.close();
      }
    };
  }

  @Override
  public void close() {}

  /** Rows in a slightly random order. */
  private static final class Mixed<R> implements RecordStream<R> {

    private final RecordStream<R> rows;
    private final int capacity;
    private final SplittableRandom random;
    private final List<R> buffer = new ArrayList<>();

    Mixed(RecordStream<R> rows, int capacity, SplittableRandom random) {
      this.rows = rows;
      this.capacity = capacity;
      this.random = random;
    }

    @Override
    public Optional<R> next() throws IOException {
      Optional<R> row = rows.next();
      while (row.isPresent() && buffer.size() < capacity) {
        buffer.add(row.get());
        row = rows.next();
      }
      if (buffer.isEmpty()) {
        return row;
      }
      int chosen = random.nextInt(buffer.size());
      R result = buffer.get(chosen);
      if (row.isPresent()) {
        buffer.set(chosen, row.get());
      } else {
        buffer.set(chosen, buffer.get(buffer.size() - 1));
        buffer.remove(buffer.size() - 1);
      }
      return Optional.of(result);
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }
}

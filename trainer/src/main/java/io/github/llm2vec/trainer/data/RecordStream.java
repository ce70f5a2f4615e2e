/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.util.IOConsumer;
import org.apache.lucene.util.IOFunction;

/**
 * A closeable iterator over records, of which only one is in memory. Not thread-safe. Closing it
 * closes the files behind it.
 *
 * @param <T> what a record is
 */
public interface RecordStream<T> extends Closeable {

  /**
   * The next record, or empty at the end.
   *
   * @throws DataFormatException if the data cannot be understood
   */
  Optional<T> next() throws IOException;

  @Override
  default void close() throws IOException {}

  /** The elements of a list. */
  static <T> RecordStream<T> of(Iterable<T> elements) {
    Iterator<T> iterator = elements.iterator();
    return () -> iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
  }

  /** The next records, as many as are wanted; there are fewer only at the end. */
  default List<T> take(int wanted) throws IOException {
    List<T> records = new ArrayList<>();
    Optional<T> record = wanted > 0 ? next() : Optional.empty();
    while (record.isPresent()) {
      records.add(record.get());
      record = records.size() < wanted ? next() : Optional.empty();
    }
    return records;
  }

  /** Reads to the end and says how many records there were. */
  default long count() throws IOException {
    long count = 0;
    while (next().isPresent()) {
      count++;
    }
    return count;
  }

  /** Hands all records that are left to an action. */
  default void forEach(IOConsumer<? super T> action) throws IOException {
    for (Optional<T> record = next(); record.isPresent(); record = next()) {
      action.accept(record.get());
    }
  }

  /**
   * What a function makes of these records. Owns this stream.
   *
   * @param <R> what the function gives
   */
  default <R> RecordStream<R> map(IOFunction<? super T, ? extends R> function) {
    return mapPresent(record -> Optional.of(function.apply(record)));
  }

  /**
   * What a function makes of these records, without those of which it makes nothing. Owns this
   * stream.
   *
   * @param <R> what the function gives
   */
  default <R> RecordStream<R> mapPresent(IOFunction<? super T, Optional<R>> function) {
    RecordStream<T> records = this;
    return new RecordStream<>() {
      @Override
      public Optional<R> next() throws IOException {
        while (true) {
          Optional<T> record = records.next();
          if (record.isEmpty()) {
            return Optional.empty();
          }
          Optional<R> result = function.apply(record.get());
          if (result.isPresent()) {
            return result;
          }
        }
      }

      @Override
      public void close() throws IOException {
        records.close();
      }
    };
  }

  /** The records of several files, one file open at a time. */
  final class Concatenated<T> implements RecordStream<T> {

    /** Opens a file. */
    public interface Opener<T> {
      RecordStream<T> open(Path file) throws IOException;
    }

    private final Iterator<Path> files;
    private final Opener<T> opener;
    private Optional<RecordStream<T>> current = Optional.empty();

    /** Reads the files in their order. */
    public Concatenated(List<Path> files, Opener<T> opener) {
      this.files = List.copyOf(files).iterator();
      this.opener = opener;
    }

    @Override
    public Optional<T> next() throws IOException {
      while (true) {
        if (current.isPresent()) {
          Optional<T> record = current.get().next();
          if (record.isPresent()) {
            return record;
          }
          close();
        }
        if (!files.hasNext()) {
          return Optional.empty();
        }
        current = Optional.of(opener.open(files.next()));
      }
    }

    @Override
    public void close() throws IOException {
      if (current.isPresent()) {
        RecordStream<T> stream = current.get();
        current = Optional.empty();
        stream.close();
      }
    }
  }

  /** A stream that reports records which cannot be understood and goes on, if that is allowed. */
  record Skipping<T>(RecordStream<T> records, IOConsumer<DataFormatException> corrupt)
      implements RecordStream<T> {

    /** Reports to a count of such records. */
    public Skipping(RecordStream<T> records, CorruptLines corrupt) {
      this(records, corrupt::report);
    }

    @Override
    public Optional<T> next() throws IOException {
      while (true) {
        try {
          return records.next();
        } catch (DataFormatException e) {
          corrupt.accept(e);
        }
      }
    }

    @Override
    public void close() throws IOException {
      records.close();
    }
  }

  /**
   * A part of a stream. Owns the stream.
   *
   * @param <T> what a record is
   */
  final class Slice<T> implements RecordStream<T> {

    private final RecordStream<T> source;
    private final long from;
    private final long to;
    private long position;

    /**
     * @param source the whole
     * @param from records to leave out at its start
     * @param to the record to stop before, counted in the whole
     */
    public Slice(RecordStream<T> source, long from, long to) {
      this.source = source;
      this.from = from;
      this.to = to;
    }

    @Override
    public Optional<T> next() throws IOException {
      while (position < from && source.next().isPresent()) {
        position++;
      }
      if (position < from || position >= to) {
        return Optional.empty();
      }
      position++;
      return source.next();
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }
}

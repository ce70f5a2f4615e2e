/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The records of several files, one file open at a time. */
public final class ConcatenatedStream<T> implements RecordStream<T> {

  /** Opens a file. */
  public interface Opener<T> {
    RecordStream<T> open(Path file) throws IOException;
  }

  private final Iterator<Path> files;
  private final Opener<T> opener;
  private Optional<RecordStream<T>> current = Optional.empty();

  /** Reads the files in their order. */
  public ConcatenatedStream(List<Path> files, Opener<T> opener) {
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The records of several files, one after the other. */
final class RecordFiles implements AutoCloseable {

  private static final int LINE_BITS = 40;

  private final RecordFormats formats;
  private final Iterator<Path> files;
  private Optional<RecordFormat.Reader> reader = Optional.empty();
  private Path file;
  private long fileNumber = -1;

  /**
   * A record and where it stands.
   *
   * @param place tells records apart, whatever file they are in; grows from record to record
   */
  record Located(Path file, long place, DataRecord record) {}

  RecordFiles(List<Path> files, RecordFormats formats) {
    this.files = files.iterator();
    this.formats = formats;
  }

  Optional<Located> next() throws IOException {
    while (true) {
      if (reader.isPresent()) {
        Optional<DataRecord> record = reader.get().next();
        if (record.isPresent()) {
          long place = fileNumber << LINE_BITS | record.get().line();
          return Optional.of(new Located(file, place, record.get()));
        }
        close();
      }
      if (!files.hasNext()) {
        return Optional.empty();
      }
      file = files.next();
      fileNumber++;
      reader = Optional.of(formats.open(file));
    }
  }

  @Override
  public void close() throws IOException {
    if (reader.isPresent()) {
      RecordFormat.Reader open = reader.get();
      reader = Optional.empty();
      open.close();
    }
  }
}

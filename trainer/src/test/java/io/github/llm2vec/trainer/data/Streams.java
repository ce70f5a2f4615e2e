/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/** Helpers for tests that read data. */
public final class Streams {

  private Streams() {}

  /** All records; closes the stream. */
  public static <T> List<T> all(RecordStream<T> stream) throws IOException {
    try (stream) {
      List<T> records = new ArrayList<>();
      Optional<T> record = stream.next();
      while (record.isPresent()) {
        records.add(record.get());
        record = stream.next();
      }
      return records;
    }
  }

  /** A stream of what a list holds. */
  public static <T> RecordStream<T> of(List<T> records) {
    Iterator<T> iterator = records.iterator();
    return () -> iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
  }

  /** Writes a gzipped file. */
  static Path gzip(Path file, String content) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }
}

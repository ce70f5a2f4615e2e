/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads comma-separated values (RFC 4180): fields may stand in double quotation marks, which are
 * doubled inside, and may then hold commas and line breaks. Not thread-safe.
 */
final class CsvReader implements RecordStream<List<String>> {

  private final LineReader lines;
  private final char delimiter;
  private List<String> fields = new ArrayList<>();
  private final StringBuilder field = new StringBuilder();
  private boolean quoted;

  CsvReader(LineReader lines, char delimiter) {
    this.lines = lines;
    this.delimiter = delimiter;
  }

  /** A message about the last line of the record last read. */
  DataFormatException problem(String problem) {
    return lines.problem(problem);
  }

  @Override
  public Optional<List<String>> next() throws IOException {
    Optional<String> line = lines.next();
    // As every reader of this format does, lines without anything are no records.
    while (line.isPresent() && line.get().isEmpty()) {
      line = lines.next();
    }
    if (line.isEmpty()) {
      return Optional.empty();
    }
    fields = new ArrayList<>();
    addFields(line.get());
    while (quoted) {
      field.append('\n');
      Optional<String> rest = lines.next();
      if (rest.isEmpty()) {
        quoted = false;
        throw problem("a quotation mark is opened and never closed");
      }
      addFields(rest.get());
    }
    return Optional.of(fields);
  }

  /** Adds what a line holds; the last field stays open if it is in quotation marks. */
  private void addFields(String line) {
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quoted) {
        if (c != '"') {
          field.append(c);
        } else if (i + 1 < line.length() && line.charAt(i + 1) == '"') {
          field.append(c);
          i++;
        } else {
          quoted = false;
        }
      } else if (c == '"' && field.isEmpty()) {
        quoted = true;
      } else if (c == delimiter) {
        endField();
      } else {
        field.append(c);
      }
    }
    if (!quoted) {
      endField();
    }
  }

  private void endField() {
    fields.add(field.toString());
    field.setLength(0);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}

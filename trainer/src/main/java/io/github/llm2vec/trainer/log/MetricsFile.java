/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.log;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.files.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** {@code metrics.jsonl}: the metrics of a run, one JSON object per line. */
public final class MetricsFile {

  private final Path file;
  private final ObjectMapper json = new ObjectMapper();

  /**
   * Opens a file. Of an earlier run's records those up to the update at which this one goes on are
   * kept; the others will be made again.
   *
   * @param step updates made already
   */
  public MetricsFile(Path file, long step) throws IOException {
    this.file = file;
    StringBuilder kept = new StringBuilder();
    if (step > 0 && Files.exists(file)) {
      for (MetricRecord record : read(file)) {
        if (record.step() <= step) {
          kept.append(json.writeValueAsString(record.toJson())).append('\n');
        }
      }
    }
    AtomicFile.write(file, kept.toString());
  }

  /** Appends a record. */
  public void write(MetricRecord record) throws IOException {
    Files.writeString(
        file,
        json.writeValueAsString(record.toJson()) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** Reads all records; a last line that was not written to its end is left out. */
  public static List<MetricRecord> read(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<MetricRecord> records = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (line.isBlank()) {
        continue;
      }
      try {
        records.add(MetricRecord.ofJson(mapper.readTree(line)));
      } catch (JsonProcessingException e) {
        // The process was ended while it wrote the line.
        break;
      }
    }
    return records;
  }
}

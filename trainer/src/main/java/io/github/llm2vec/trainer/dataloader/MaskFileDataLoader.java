/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.JsonRecords;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * A data loader over masked batches that another trainer wrote, the same in every epoch: one JSON
 * object per line with the arrays {@code input_ids}, {@code attention_mask} and {@code labels},
 * each of B rows of S numbers.
 */
public final class MaskFileDataLoader implements DataLoader<MntpBatch> {

  private final Path file;
  private final long batches;

  /** Opens a file, reading it once. */
  public MaskFileDataLoader(Path file) throws IOException {
    this.file = file;
    try (RecordStream<MntpBatch> all = open(file)) {
      this.batches = all.count();
    }
  }

  @Override
  public OptionalLong batchesPerEpoch() {
    return OptionalLong.of(batches);
  }

  @Override
  public RecordStream<MntpBatch> epoch(long epoch, long firstBatch) throws IOException {
    return new RecordStream.Slice<>(open(file), firstBatch, Long.MAX_VALUE);
  }

  @Override
  public void close() {}

  private static RecordStream<MntpBatch> open(Path file) throws IOException {
    return JsonRecords.open(file)
        .map(record -> new Line(file, record.line(), record.values()).batch());
  }

  private record Line(Path file, long number, JsonNode values) {

    MntpBatch batch() throws DataFormatException {
      int rows = values.path("input_ids").size();
      int columns = values.path("input_ids").path(0).size();
      if (rows == 0 || columns == 0) {
        throw problem("there is no \"input_ids\" with at least one row of one token");
      }
      int[] mask = matrix("attention_mask", rows, columns);
      int[] starts = new int[rows];
      int[] lengths = new int[rows];
      for (int row = 0; row < rows; row++) {
        int[] tokens = Arrays.copyOfRange(mask, row * columns, (row + 1) * columns);
        lengths[row] = Arrays.stream(tokens).sum();
        starts[row] = lengths[row] > 0 && tokens[0] == 0 ? columns - lengths[row] : 0;
        requireOneRun(tokens, starts[row], lengths[row]);
      }
      return new MntpBatch(
          columns,
          matrix("input_ids", rows, columns),
          matrix("labels", rows, columns),
          starts,
          lengths);
    }

    private void requireOneRun(int[] mask, int start, int length) throws DataFormatException {
      for (int i = 0; i < mask.length; i++) {
        int expected = i >= start && i < start + length ? 1 : 0;
        if (mask[i] != expected) {
          throw problem("an \"attention_mask\" has padding between tokens");
        }
      }
    }

    private int[] matrix(String key, int rows, int columns) throws DataFormatException {
      int[] numbers = new int[rows * columns];
      for (int row = 0; row < rows; row++) {
        JsonNode given = values.path(key).path(row);
        if (given.size() != columns) {
          throw problem(
              "row %s of \"%s\" has %s numbers, but that of \"input_ids\" has %s"
                  .formatted(row, key, given.size(), columns));
        }
        for (int i = 0; i < columns; i++) {
          numbers[row * columns + i] = given.get(i).intValue();
        }
      }
      return numbers;
    }

    private DataFormatException problem(String problem) {
      return new DataFormatException(file.toString(), number, problem);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/** A data loader over masked batches in a file, the same in every epoch. */
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
    return new RecordStream.Slice<>(all, firstBatch, Long.MAX_VALUE);
  }

  @Override
  public void close() {}

  /**
   * Reads masked batches that another trainer wrote, one JSON object per line with the arrays
   * {@code input_ids}, {@code attention_mask} and {@code labels}, each of B rows of S numbers. Not
   * thread-safe.
   */
  public static final class MaskFile implements RecordStream<MntpBatch> {

    private final Path file;
    private final BufferedReader lines;
    private final ObjectMapper json = new ObjectMapper();
    private long line;

    /** Opens a file. */
    public MaskFile(Path file) throws IOException {
      this.file = file;
      this.lines = Files.newBufferedReader(file);
    }

    @Override
    public Optional<MntpBatch> next() throws IOException {
      String text = lines.readLine();
      if (text == null) {
        return Optional.empty();
      }
      line++;
      JsonNode batch;
      try {
        batch = json.readTree(text);
      } catch (JsonProcessingException e) {
        throw problem("broken JSON: " + e.getOriginalMessage());
      }
      int rows = batch.path("input_ids").size();
      int columns = batch.path("input_ids").path(0).size();
      if (rows == 0 || columns == 0) {
        throw problem("there is no \"input_ids\" with at least one row of one token");
      }
      int[] mask = matrix(batch, "attention_mask", rows, columns);
      int[] starts = new int[rows];
      int[] lengths = new int[rows];
      for (int row = 0; row < rows; row++) {
        int[] tokens = Arrays.copyOfRange(mask, row * columns, (row + 1) * columns);
        lengths[row] = Arrays.stream(tokens).sum();
        starts[row] = lengths[row] > 0 && tokens[0] == 0 ? columns - lengths[row] : 0;
        requireOneRun(tokens, starts[row], lengths[row]);
      }
      return Optional.of(
          new MntpBatch(
              columns,
              matrix(batch, "input_ids", rows, columns),
              matrix(batch, "labels", rows, columns),
              starts,
              lengths));
    }

    private void requireOneRun(int[] mask, int start, int length) throws DataFormatException {
      for (int i = 0; i < mask.length; i++) {
        int expected = i >= start && i < start + length ? 1 : 0;
        if (mask[i] != expected) {
          throw problem("an \"attention_mask\" has padding between tokens");
        }
      }
    }

    private int[] matrix(JsonNode batch, String key, int rows, int columns)
        throws DataFormatException {
      int[] values = new int[rows * columns];
      for (int row = 0; row < rows; row++) {
        JsonNode numbers = batch.path(key).path(row);
        if (numbers.size() != columns) {
          throw problem(
              "row %s of \"%s\" has %s numbers, but that of \"input_ids\" has %s"
                  .formatted(row, key, numbers.size(), columns));
        }
        for (int i = 0; i < columns; i++) {
          values[row * columns + i] = numbers.get(i).intValue();
        }
      }
      return values;
    }

    private DataFormatException problem(String problem) {
      return new DataFormatException(file.toString(), line, problem);
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }
}

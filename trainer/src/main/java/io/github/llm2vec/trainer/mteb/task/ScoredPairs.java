/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.LineReader;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An STS dataset: pairs of sentences with the scores of people.
 *
 * @param first the first sentences
 * @param second the second sentences
 * @param scores how similar they are, on any scale
 */
public record ScoredPairs(List<String> first, List<String> second, List<Double> scores) {

  private static final List<String> FIELDS = List.of("sentence1", "sentence2", "score");

  /** Copies the lists. */
  public ScoredPairs {
    first = List.copyOf(first);
    second = List.copyOf(second);
    scores = List.copyOf(scores);
    if (first.size() != second.size() || first.size() != scores.size()) {
      throw new IllegalArgumentException(
          "expected as many first sentences as second ones and scores, got %s, %s and %s"
              .formatted(first.size(), second.size(), scores.size()));
    }
  }

  /**
   * Reads a split of a task's folder: a file named after the split, such as {@code test.jsonl} or
   * {@code stsb.test.tsv}, gzipped or not, or {@code data/test-00000-of-00001.parquet}. Records and
   * columns are called {@code sentence1}, {@code sentence2} and {@code score}; columns are
   * separated by tabs, quotes mean nothing, and the first line names them.
   *
   * @param folder where the file is
   * @param split which file
   * @param formats reads files of records
   * @param findings takes lines that cannot be read
   * @throws DatasetException if there is no such file or fewer than two pairs in it
   */
  public static ScoredPairs read(
      Path folder, String split, RecordFormats formats, Findings findings) throws IOException {
    Path file = locate(folder, split, formats);
    Reader reader = new Reader(file, findings);
    if (formats.accept(file)) {
      reader.readRecords(formats);
    } else {
      reader.readColumns();
    }
    if (reader.first.size() < 2) {
      throw new DatasetException(file + " has " + reader.first.size() + " pairs; 2 are needed");
    }
    return new ScoredPairs(reader.first, reader.second, reader.scores);
  }

  private static Path locate(Path folder, String split, RecordFormats formats) throws IOException {
    List<Path> files = new ArrayList<>(RecordFormats.list(folder));
    files.addAll(RecordFormats.list(folder.resolve("data")));
    for (Path file : files) {
      boolean readable = formats.accept(file) || DataFile.plainName(file).endsWith(".tsv");
      if (readable && isSplit(RecordFormats.splitName(file), split.toLowerCase(Locale.ROOT))) {
        return file;
      }
    }
    throw new DatasetException(
        "%s has no file of pairs for the split '%s'; expected %s.tsv or %s.jsonl"
            .formatted(folder, split, split, split));
  }

  private static boolean isSplit(String name, String split) {
    return name.equals(split) || name.endsWith("." + split) || name.endsWith("-" + split);
  }

  /** Collects the pairs of a file. */
  private static final class Reader {
    private final Path file;
    private final Findings findings;
    private final List<String> first = new ArrayList<>();
    private final List<String> second = new ArrayList<>();
    private final List<Double> scores = new ArrayList<>();

    Reader(Path file, Findings findings) {
      this.file = file;
      this.findings = findings;
    }

    void readRecords(RecordFormats formats) throws IOException {
      try (RecordStream<RecordFiles.Located> records = RecordFiles.open(List.of(file), formats)) {
        records.forEach(this::take);
      }
    }

    void readColumns() throws IOException {
      try (LineReader lines = DataFile.lines(file)) {
        RecordStream<List<String>> rows =
            RecordFiles.lines(lines, e -> malformed(e.line(), e.problem()))
                .map(text -> List.of(text.split("\t", -1)));
        List<String> names = rows.next().orElse(List.of());
        if (!names.containsAll(FIELDS)) {
          throw new DatasetException(
              file + ": the first line must name the columns " + FIELDS + ", found " + names);
        }
        rows.forEach(
            cells -> {
              if (cells.size() == names.size()) {
                take(
                    lines.line(),
                    FIELDS.stream()
                        .map(name -> Optional.of(cells.get(names.indexOf(name))))
                        .toList());
              } else {
                malformed(
                    lines.line(), "expected " + names.size() + " columns, found " + cells.size());
              }
            });
      }
    }

    private void take(RecordFiles.Located record) throws IOException {
      if (record.values().isEmpty()) {
        malformed(record.line(), record.problem());
        return;
      }
      ObjectNode values = record.values().get();
      take(
          record.line(),
          FIELDS.stream().map(name -> RecordFiles.RecordFields.scalar(values, name)).toList());
    }

    private void take(long line, List<Optional<String>> values) throws IOException {
      if (values.stream().anyMatch(Optional::isEmpty)) {
        malformed(line, "expected the fields " + FIELDS);
        return;
      }
      String score = values.get(2).orElseThrow();
      try {
        double parsed = Double.parseDouble(score);
        if (Double.isFinite(parsed)) {
          first.add(values.get(0).orElseThrow());
          second.add(values.get(1).orElseThrow());
          scores.add(parsed);
          return;
        }
      } catch (NumberFormatException e) {
        // Falls through to the finding, as a score that is not finite does.
      }
      malformed(line, "the score '" + score + "' is not a number");
    }

    private void malformed(long line, String problem) throws DatasetException {
      findings.add(
          new Finding(
              Finding.Kind.MALFORMED, file.toString(), line, problem + "; the pair is left out"));
    }
  }
}

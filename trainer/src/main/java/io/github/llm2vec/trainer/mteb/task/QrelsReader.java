/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.LineReader;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads qrels. Four layouts are known: BEIR's three columns (query, document, grade) with or
 * without a header line, trec_eval's four columns (query, 0, document, grade), and records with the
 * fields {@code query-id}, {@code corpus-id} and {@code score}. Columns are separated by tabs, or
 * by white space where there is no tab. The first line decides on the layout of its file.
 */
public final class QrelsReader {

  private static final String QUERY = "query-id";
  private static final String DOCUMENT = "corpus-id";
  private static final String SCORE = "score";

  private final Path file;
  private final Findings findings;
  private final Map<String, Map<String, Integer>> grades;

  /** Where a line has what. */
  private record Columns(int count, int query, int document, int score) {

    static final Columns BEIR = new Columns(3, 0, 1, 2);
    static final Columns TREC = new Columns(4, 0, 2, 3);

    static Optional<Columns> ofHeader(List<String> cells) {
      List<String> names = cells.stream().map(cell -> cell.toLowerCase(Locale.ROOT)).toList();
      Columns columns =
          new Columns(
              names.size(), names.indexOf(QUERY), names.indexOf(DOCUMENT), names.indexOf(SCORE));
      boolean complete = columns.query >= 0 && columns.document >= 0 && columns.score >= 0;
      return complete ? Optional.of(columns) : Optional.empty();
    }

    static Optional<Columns> ofFirstLine(List<String> cells) {
      return switch (cells.size()) {
        case 3 -> Optional.of(BEIR);
        case 4 -> Optional.of(TREC);
        default -> Optional.empty();
      };
    }
  }

  private QrelsReader(Path file, Findings findings, Map<String, Map<String, Integer>> grades) {
    this.file = file;
    this.findings = findings;
    this.grades = grades;
  }

  /**
   * Reads one file.
   *
   * @throws DatasetException if a line of it is no judgement
   */
  public static Qrels read(Path file) throws IOException {
    return Qrels.of(read(List.of(file), RecordFormats.DEFAULTS, Findings.strict()));
  }

  /** Grade by document by query, queries in the order of the files. */
  static Map<String, Map<String, Integer>> read(
      List<Path> files, RecordFormats formats, Findings findings) throws IOException {
    Map<String, Map<String, Integer>> grades = new LinkedHashMap<>();
    for (Path file : files) {
      QrelsReader reader = new QrelsReader(file, findings, grades);
      if (formats.accept(file)) {
        reader.readRecords(formats);
      } else {
        reader.readColumns();
      }
    }
    if (grades.isEmpty()) {
      throw new DatasetException(files + " hold no judgement");
    }
    return grades;
  }

  private void readRecords(RecordFormats formats) throws IOException {
    try (RecordStream<RecordFiles.Located> records = RecordFiles.open(List.of(file), formats)) {
      records.forEach(this::take);
    }
  }

  private void take(RecordFiles.Located record) throws IOException {
    if (record.values().isEmpty()) {
      malformed(record.line(), record.problem());
      return;
    }
    ObjectNode values = record.values().get();
    Optional<String> query = RecordFiles.RecordFields.scalar(values, QUERY);
    Optional<String> document = RecordFiles.RecordFields.scalar(values, DOCUMENT);
    Optional<String> score = RecordFiles.RecordFields.scalar(values, SCORE);
    if (query.isPresent() && document.isPresent() && score.isPresent()) {
      take(record.line(), query.get(), document.get(), score.get());
    } else {
      malformed(record.line(), "expected the fields query-id, corpus-id and score");
    }
  }

  private void readColumns() throws IOException {
    try (LineReader lines = DataFile.lines(file)) {
      RecordStream<List<String>> rows =
          RecordFiles.lines(lines, e -> malformed(e.line(), e.problem())).map(QrelsReader::cells);
      Optional<Columns> columns = Optional.empty();
      for (Optional<List<String>> row = rows.next(); row.isPresent(); row = rows.next()) {
        List<String> cells = row.get();
        Optional<Columns> header = columns.isEmpty() ? Columns.ofHeader(cells) : Optional.empty();
        if (columns.isEmpty()) {
          columns = header.or(() -> Columns.ofFirstLine(cells));
        }
        if (header.isEmpty()) {
          take(lines.line(), cells, columns);
        }
      }
    }
  }

  private static List<String> cells(String line) {
    String[] parts =
        line.indexOf('\t') >= 0 ? line.split("\t", -1) : line.strip().split("\\s+", -1);
    List<String> cells = new ArrayList<>(parts.length);
    for (String part : parts) {
      cells.add(part.strip());
    }
    return cells;
  }

  private void take(long line, List<String> cells, Optional<Columns> columns) throws IOException {
    if (columns.isEmpty() || cells.size() != columns.get().count()) {
      malformed(
          line,
          "expected %s columns, found %s"
              .formatted(
                  columns.map(known -> "" + known.count()).orElse("3 (BEIR) or 4 (TREC)"),
                  cells.size()));
      return;
    }
    Columns at = columns.get();
    take(line, cells.get(at.query()), cells.get(at.document()), cells.get(at.score()));
  }

  private void take(long line, String query, String document, String score) throws IOException {
    OptionalInt grade = grade(score);
    if (query.isEmpty() || document.isEmpty()) {
      malformed(line, "the id of the query or of the document is empty");
      return;
    }
    if (grade.isEmpty()) {
      malformed(line, "the grade '" + score + "' is not a whole number");
      return;
    }
    Integer before =
        grades.computeIfAbsent(query, key -> new LinkedHashMap<>()).put(document, grade.getAsInt());
    if (before != null) {
      report(
          Finding.Kind.DUPLICATE_JUDGEMENT,
          line,
          "document '%s' was judged for query '%s' before with %s; %s counts"
              .formatted(document, query, before, grade.getAsInt()));
    }
  }

  /** MTEB's own files have whole numbers as 1.0. */
  private static OptionalInt grade(String score) {
    try {
      return OptionalInt.of(new BigDecimal(score).intValueExact());
    } catch (NumberFormatException | ArithmeticException e) {
      // Empty is the answer to the question whether it is a whole number; the caller reports it.
      return OptionalInt.empty();
    }
  }

  private void malformed(long line, String problem) throws DatasetException {
    report(Finding.Kind.MALFORMED, line, problem + "; the line is left out");
  }

  private void report(Finding.Kind kind, long line, String message) throws DatasetException {
    findings.add(new Finding(kind, file.toString(), line, message));
  }
}

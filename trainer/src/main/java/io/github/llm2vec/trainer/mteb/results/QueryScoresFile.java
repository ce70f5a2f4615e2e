/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.task.DatasetException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of the measures of every query: tab-separated, the first line names the measures as MTEB
 * does, the first column is the query. White space in query ids is written as in run files.
 */
public final class QueryScoresFile {

  private static final String QUERY = "query-id";

  private QueryScoresFile() {}

  /** Writes the values, under the name only once all are there. */
  public static void write(Path path, RetrievalScores scores) throws IOException {
    AtomicFile file = new AtomicFile(path);
    try (BufferedWriter out = file.open()) {
      out.write(QUERY);
      for (RetrievalMeasure measure : scores.measures()) {
        out.write("\t" + measure.mtebName());
      }
      out.write("\n");
      for (String query : scores.queries()) {
        out.write(RunFileWriter.escape(query));
        for (RetrievalMeasure measure : scores.measures()) {
          out.write("\t" + scores.value(query, measure));
        }
        out.write("\n");
      }
    }
    file.publish();
  }

  /**
   * Reads a file.
   *
   * @throws DatasetException if it is not one
   */
  public static RetrievalScores read(Path path) throws IOException {
    List<String> lines = Files.readAllLines(path, StandardCharsets.UTF_8);
    List<RetrievalMeasure> measures = lines.isEmpty() ? List.of() : measures(path, lines.get(0));
    List<List<String>> rows = new ArrayList<>();
    Set<String> queries = new HashSet<>();
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      List<String> cells = List.of(line.split("\t", -1));
      if (cells.size() != measures.size() + 1) {
        throw new DatasetException(
            "%s: the row of '%s' has another number of columns than the first line"
                .formatted(path, cells.get(0)));
      }
      rows.add(cells);
      queries.add(cells.get(0));
    }
    RetrievalScores scores = new RetrievalScores(measures, queries);
    for (List<String> cells : rows) {
      scores.add(cells.get(0), cells.stream().skip(1).mapToDouble(Double::parseDouble).toArray());
    }
    return scores;
  }

  private static List<RetrievalMeasure> measures(Path path, String line) throws DatasetException {
    Map<String, RetrievalMeasure> known = new HashMap<>();
    RetrievalMeasure.mteb().forEach(measure -> known.put(measure.mtebName(), measure));
    List<RetrievalMeasure> measures = new ArrayList<>();
    List<String> names = List.of(line.split("\t", -1));
    for (String name : names.subList(1, names.size())) {
      if (!known.containsKey(name)) {
        throw new DatasetException(path + " has a column '" + name + "', which is no measure");
      }
      measures.add(known.get(name));
    }
    if (!names.get(0).equals(QUERY)) {
      throw new DatasetException(path + " does not start with the column " + QUERY);
    }
    return measures;
  }
}

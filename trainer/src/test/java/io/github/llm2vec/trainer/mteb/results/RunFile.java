/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import io.github.llm2vec.trainer.mteb.metrics.Hit;
import io.github.llm2vec.trainer.mteb.task.DatasetException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * A run read from a file in TREC's format.
 *
 * @param hits by query, both in the order of the file
 * @param tag name of the system in the first line, "" if the file is empty
 */
public record RunFile(Map<String, List<Hit>> hits, String tag) {

  private static final int COLUMNS = 6;

  /**
   * Reads a whole file into memory.
   *
   * @param path a text file, gzipped if its name ends in {@code .gz}
   * @throws DatasetException if a line has not six columns or a score is not a number
   */
  public static RunFile read(Path path) throws IOException {
    Map<String, List<Hit>> hits = new LinkedHashMap<>();
    String tag = "";
    long number = 0;
    try (BufferedReader lines = open(path)) {
      String line = lines.readLine();
      while (line != null) {
        number++;
        if (!line.isBlank()) {
          String[] columns = line.strip().split("\\s+", -1);
          if (columns.length != COLUMNS) {
            throw malformed(path, number, "expected 6 columns, found " + columns.length);
          }
          hits.computeIfAbsent(columns[0], query -> new ArrayList<>())
              .add(new Hit(columns[2], score(path, number, columns[4])));
          tag = tag.isEmpty() ? columns[5] : tag;
        }
        line = lines.readLine();
      }
    }
    return new RunFile(hits, tag);
  }

  /** As trec_eval reads it: a double that is then cut to a float. */
  private static float score(Path path, long line, String text) throws DatasetException {
    try {
      float score = (float) Double.parseDouble(text);
      if (!Float.isNaN(score)) {
        return score;
      }
    } catch (NumberFormatException e) {
      throw malformed(path, line, "the score '" + text + "' is not a number");
    }
    throw malformed(path, line, "the score is NaN, which has no rank");
  }

  private static DatasetException malformed(Path path, long line, String problem) {
    return new DatasetException(
        path
            + ":"
            + line
            + ": "
            + problem
            + "; a run file has lines of 'query Q0 document rank score tag'");
  }

  private static BufferedReader open(Path path) throws IOException {
    InputStream in = Files.newInputStream(path);
    try {
      InputStream plain = path.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
      return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }
}

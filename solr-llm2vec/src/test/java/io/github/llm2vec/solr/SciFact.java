/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Real abstracts and claims of the SciFact sample among the examples: 200 and 20, or all. */
public final class SciFact {

  private static final Path FOLDER = Path.of("..", "examples", "scifact");
  private static final ObjectMapper JSON = new ObjectMapper();

  private SciFact() {}

  /**
   * A document as the example schema has it.
   *
   * @param id its number
   * @param title one line
   * @param text the abstract
   */
  public record Abstract(String id, String title, String text) {

    /** What the chain of the basic example makes of it. */
    public String source() {
      return title + " " + text;
    }
  }

  public static List<Abstract> documents() throws IOException {
    return documents(200);
  }

  /** The first documents; there are 1,000. */
  public static List<Abstract> documents(int count) throws IOException {
    try (InputStream file =
        new GZIPInputStream(Files.newInputStream(FOLDER.resolve("corpus.jsonl.gz")))) {
      return read(file, count).stream()
          .map(
              row ->
                  new Abstract(
                      row.get("_id").asText(), row.get("title").asText(), row.get("text").asText()))
          .toList();
    }
  }

  public static List<String> queries() throws IOException {
    return queries(20);
  }

  /** The first queries; there are 100. */
  public static List<String> queries(int count) throws IOException {
    try (InputStream file = Files.newInputStream(FOLDER.resolve("queries.jsonl"))) {
      return read(file, count).stream().map(row -> row.get("text").asText()).toList();
    }
  }

  private static List<JsonNode> read(InputStream file, int count) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8));
    List<JsonNode> rows = new ArrayList<>();
    while (rows.size() < count) {
      rows.add(JSON.readTree(lines.readLine()));
    }
    return rows;
  }
}

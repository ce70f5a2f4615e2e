/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** 200 real abstracts and 20 claims about them. */
public final class SciFact {

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
      return title + "\n" + text;
    }
  }

  public static List<Abstract> documents() throws IOException {
    return read("corpus.jsonl").stream()
        .map(
            row ->
                new Abstract(
                    row.get("id").asText(), row.get("title").asText(), row.get("text").asText()))
        .toList();
  }

  public static List<String> queries() throws IOException {
    return read("queries.jsonl").stream().map(row -> row.get("text").asText()).toList();
  }

  private static List<JsonNode> read(String name) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                SciFact.class.getResourceAsStream("/scifact/" + name), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        rows.add(json.readTree(line));
      }
    }
    return rows;
  }
}

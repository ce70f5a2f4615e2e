/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Pairs that someone has put together already: gzipped JSON lines.
 *
 * @param name short, for the report
 * @param file its lines have {@code query} and {@code positive}
 */
record JsonPairSource(String name, Path file) implements PairSource {

  private static final JsonMapper MAPPER = new JsonMapper();

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    try (BufferedReader lines = GzipLines.open(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode pair = MAPPER.readTree(line);
        pairs.accept(new Pair(pair.path("query").asText(), pair.path("positive").asText()));
      }
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Texts to be encoded, from a file with a JSON object a line. */
final class TextLines {

  private TextLines() {}

  /** The field {@code text} of the first lines. */
  static List<String> read(Path file, int limit) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<String> result = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine();
          line != null && result.size() < limit;
          line = lines.readLine()) {
        result.add(mapper.readTree(line).get("text").asText());
      }
    }
    return result;
  }
}

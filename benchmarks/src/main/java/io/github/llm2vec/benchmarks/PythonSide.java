/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs the Python side of a benchmark. */
final class PythonSide {

  private PythonSide() {}

  /** Runs a command and reads the last line of JSON that it prints. */
  static JsonNode run(List<String> command) throws IOException, InterruptedException {
    ObjectMapper mapper = new ObjectMapper();
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    JsonNode last = mapper.missingNode();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("{")) {
          last = mapper.readTree(line);
        }
      }
    }
    if (process.waitFor() != 0 || last.isMissingNode()) {
      throw new IOException("the Python side failed: " + String.join(" ", command));
    }
    return last;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The Python side of a benchmark, which runs beside it if a Python is named. */
final class PythonSide {

  @Option(names = "--python", description = "Python with llm2vec, to compare with.")
  private Optional<Path> python;

  @Option(names = "--reference", description = "The Python side.")
  private Path reference;

  PythonSide(String script) {
    reference = Path.of("lucene-llm2vec/src/test/python", script);
  }

  boolean isPresent() {
    return python.isPresent();
  }

  /** Runs the script and reads the last line of JSON that it prints. */
  JsonNode run(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(python.orElseThrow().toString());
    command.add(reference.toString());
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
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

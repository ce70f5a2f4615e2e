/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.CommandRunner;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkCommandTest {

  private final CommandRunner runner = CommandRunner.withRealModels();

  @Test
  void measuresEveryLengthAndCountAndWritesTheFiguresAsJson(@TempDir Path folder)
      throws IOException {
    Path json = folder.resolve("figures.json");
    assertEquals(
        0,
        runner.run(
            "benchmark",
            "--model=../examples/models/stories260K",
            "--lengths=8,32",
            "--texts=1,4",
            "--seconds=1",
            "--json=" + json),
        runner.err());
    assertTrue(runner.out().contains("float32 on cpu"), runner.out());
    assertTrue(runner.out().contains("| tokens | texts | median ms |"), runner.out());
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertTrue(figures.get("gemmGflops").asDouble() > 0);
    assertTrue(figures.get("firstQueryMillis").asDouble() > 0);
    assertEquals(4, figures.get("rows").size());
    for (JsonNode row : figures.get("rows")) {
      // A word more than asked for, at most.
      double tokens = row.get("tokens").asDouble();
      assertTrue((tokens >= 8 && tokens < 20) || (tokens >= 32 && tokens < 44), () -> "" + tokens);
      // Tokens and time give the rate.
      assertEquals(
          1000 * tokens * row.get("texts").asInt() / row.get("medianMillis").asDouble(),
          row.get("tokensPerSecond").asDouble(),
          1e-6 * row.get("tokensPerSecond").asDouble());
      assertTrue(row.get("p99Millis").asDouble() >= row.get("medianMillis").asDouble());
      // 260,032 parameters, 32,768 of them embeddings and 704 norms: two operations per weight.
      double perToken = 2.0 * (260_032 - 512 * 64 - 11 * 64);
      assertEquals(
          row.get("tokensPerSecond").asDouble() * perToken / 1e9,
          row.get("gemmShare").asDouble() * figures.get("gemmGflops").asDouble(),
          1e-9 * row.get("tokensPerSecond").asDouble());
    }
  }

  @Test
  void saysSoIfNoLengthFits() {
    assertEquals(
        1, runner.run("benchmark", "--model=../examples/models/stories260K", "--lengths=4096"));
    assertTrue(runner.err().contains("the model reads 400 tokens"), runner.err());
  }
}

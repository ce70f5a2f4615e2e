/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {

  private final CommandRunner runner = CommandRunner.withRealModels();

  /** The numbers are those that karpathy/tinyllamas gives for the model. */
  @Test
  void describesAModel() {
    assertEquals(
        0, runner.run("inspect", "--model", "../examples/models/stories260K"), runner.err());
    assertLine(
        "layers         5 of width 64; 8 heads of 8, 4 of them for keys and values; MLP 172");
    assertLine("attention      bidirectional");
    assertLine("vocabulary     512 tokens");
    assertLine("vectors        64 dimensions, of any length");
    assertLine("pooling        mean, instructions left out");
    assertLine("longest input  512 tokens, of the text itself 400");
    assertLine("parameters     260,032");
    assertLine("memory         1.0 MB as float32, 0.5 MB as bfloat16 or float16");
  }

  @Test
  void showsWhatOptionsChange() {
    assertEquals(
        0,
        runner.run(
            "inspect",
            "--model",
            "../examples/models/stories260K",
            "--pooling=last_token",
            "--skip-instruction=false",
            "--enable-bidirectional=false",
            "--normalize",
            "--dims=16",
            "--template=llama3",
            "--max-length=128"),
        runner.err());
    assertLine("attention      causal");
    assertLine("vectors        16 dimensions, scaled to length 1");
    assertLine("pooling        last_token, instructions included");
    assertLine("template       llama3");
    assertLine("longest input  128 tokens");
  }

  @Test
  void saysWhatIsMissing(@TempDir Path folder) throws IOException {
    Path original = Path.of("../examples/models/stories260K");
    for (String name : new String[] {"config.json", "tokenizer.json"}) {
      Files.copy(original.resolve(name), folder.resolve(name));
    }
    assertEquals(1, runner.run("inspect", "--model", folder.toString()));
    assertTrue(runner.err().contains("model.safetensors"), runner.err());
    assertEquals(2, runner.run("inspect"));
    assertTrue(runner.err().contains("--model"), runner.err());
  }

  @Test
  void saysHowAModelIsNamed() {
    assertEquals(2, runner.run("inspect", "../examples/models/stories260K"));
    assertTrue(
        runner.err().contains("a model is named by --model ../examples/models/stories260K"),
        runner.err());
    assertEquals(2, runner.run("inspect", "--model", "mini", "more"));
    assertFalse(runner.err().contains("is named by"), runner.err());
  }

  private void assertLine(String start) {
    assertTrue(runner.out().lines().anyMatch(line -> line.startsWith(start)), runner.out());
  }
}

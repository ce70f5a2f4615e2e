/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    assertLine(
        "memory         1.0 MB as float32, 0.5 MB as bfloat16 or float16, 0.3 MB as int8, 0.2 MB as"
            + " int4, and room for a batch");
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

  /** What keeps a model from encoding is found without encoding. */
  @Test
  void refusesWhatEncodeRefuses(@TempDir Path folder) throws IOException {
    Path original = Path.of("../examples/models/stories260K");
    for (String name : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(original.resolve(name), folder.resolve(name));
    }
    assertRefused("tokenizer.json", folder);
    Files.copy(original.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    assertRefused("dimensions must be at most the model's 64", folder, "--dims=65");
    byte[] weights = Files.readAllBytes(folder.resolve("model.safetensors"));
    // The last two bytes of a float of the last tensor: NaN.
    weights[weights.length - 1] = 0x7f;
    weights[weights.length - 2] = (byte) 0xc0;
    Files.write(folder.resolve("model.safetensors"), weights);
    assertRefused("NaN", folder);
  }

  private void assertRefused(String reason, Path folder, String... options) {
    assertEquals(1, runner.typing("hi").run(arguments("encode", folder, options)));
    String refusal = runner.err();
    assertTrue(refusal.contains(reason), refusal);
    assertEquals(1, runner.run(arguments("inspect", folder, options)));
    assertEquals(refusal, runner.err());
    assertEquals("", runner.out());
  }

  private static String[] arguments(String command, Path folder, String... options) {
    List<String> all = new ArrayList<>(List.of(command, "--model", folder.toString()));
    all.addAll(List.of(options));
    if (command.equals("encode")) {
      all.addAll(List.of("--input", "-", "--output", "-"));
    }
    return all.toArray(String[]::new);
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

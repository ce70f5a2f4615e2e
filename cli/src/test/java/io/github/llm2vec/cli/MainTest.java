/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.encoder.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {

  private final CommandRunner runner = new CommandRunner(options -> new HashEncoder(4));

  @Test
  void everyCommandExplainsItselfWithExamples() {
    CommandLine root =
        Main.commandLine(
            new Console(System.in, System.out, System.err, false, false),
            CommandRunner.SURROUNDINGS,
            options -> new HashEncoder(4));
    for (String name : root.getSubcommands().keySet()) {
      assertEquals(0, runner.run(name, "--help"), name);
      assertTrue(runner.out().contains("Examples:"), name + " has no examples:\n" + runner.out());
      assertEquals("", runner.err(), name);
    }
  }

  @Test
  void helpNamesEveryPooling() {
    runner.run("encode", "--help");
    List<String> words = List.of(runner.out().split("[\\s,.]+"));
    for (Pooling mode : Pooling.values()) {
      assertTrue(words.contains(mode.optionName()), mode.optionName());
    }
  }

  @Test
  void printsItsVersion() {
    assertEquals(0, runner.run("--version"));
    assertTrue(runner.out().startsWith("llm2vec "), runner.out());
    assertFalse(runner.out().contains("$"), runner.out());
  }

  @Test
  void exitsWithTwoOnWrongUsage() {
    assertEquals(2, runner.run());
    assertTrue(runner.err().contains("Usage: llm2vec"), runner.err());
    assertEquals(2, runner.run("encode", "--model", "m"));
    assertTrue(runner.err().contains("--input"), runner.err());
    assertTrue(runner.err().contains("llm2vec encode --help"), runner.err());
    assertEquals(2, runner.run("encod"));
    assertTrue(runner.err().contains("Did you mean"), runner.err());
    assertEquals(2, runner.run("nonsense", "--help"));
    assertTrue(runner.err().contains("Unmatched argument at index 0: 'nonsense'"), runner.err());
    assertEquals(2, encode("in.txt", "out.jsonl", "--dims", "0"));
    assertTrue(runner.err().contains("must be a whole number of 1 or more, got 0"), runner.err());
    assertEquals(2, encode("in.txt", "out.jsonl", "--dtype", "int7"));
    assertTrue(runner.err().contains("float32, float16, bfloat16, int8, int4"), runner.err());
    assertEquals(2, encode("in.txt", "out.csv"));
    assertTrue(runner.err().contains("must end in .jsonl or .npy"), runner.err());
  }

  @Test
  void printsOneLineForAFailureAndTheTraceOnlyOnRequest(@TempDir Path folder) throws IOException {
    Path missing = folder.resolve("missing.txt");
    assertEquals(1, encode(missing.toString(), folder.resolve("o.jsonl").toString()));
    assertEquals("llm2vec: no such file or folder: " + missing + "\n", runner.err());

    assertEquals(1, encode(missing.toString(), folder.resolve("o.jsonl").toString(), "--verbose"));
    assertTrue(runner.err().contains("at io.github.llm2vec.cli."), runner.err());
  }

  @Test
  void pointsToTheTraceWhenTheFailureIsNotExplained(@TempDir Path folder) throws IOException {
    Path input = Files.writeString(folder.resolve("in.txt"), "a\n");
    CommandRunner failing = new CommandRunner(options -> new HashEncoder(4).failingAfter(0));
    assertEquals(
        1,
        failing.run(
            "encode",
            "--model",
            "m",
            "--input",
            input.toString(),
            "--output",
            folder.resolve("o.jsonl").toString()));
    assertTrue(failing.err().contains("IllegalStateException: power cut"), failing.err());
    assertTrue(failing.err().contains("add --verbose"), failing.err());
  }

  private int encode(String input, String output, String... more) {
    String[] fixed = {"encode", "--model", "m", "--input", input, "--output", output};
    String[] all = new String[fixed.length + more.length];
    System.arraycopy(fixed, 0, all, 0, fixed.length);
    System.arraycopy(more, 0, all, fixed.length, more.length);
    return runner.run(all);
  }
}

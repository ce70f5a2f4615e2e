/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a merge computes is tested where it is done; here is how it is asked for. */
class MergeCommandTest {

  private static final Path CHAIN =
      Path.of("../lucene-llm2vec/src/test/resources/checkpoints/chain-local");

  private final CommandRunner runner = CommandRunner.withRealModels();

  @Test
  void writesAModelThatOpens(@TempDir Path folder) throws Exception {
    Path merged = folder.resolve("merged");
    assertEquals(0, merge(merged), runner.err());
    assertTrue(runner.err().contains("(2 adapters)"), runner.err());
    assertTrue(Files.exists(merged.resolve("tokenizer.json")));
    assertEquals(0, runner.run("inspect", "--model", merged.toString()), runner.err());
    assertEquals(1, merge(merged));
    assertTrue(runner.err().contains("already exists"), runner.err());
  }

  @Test
  void asksForAnOutput() {
    assertEquals(2, runner.run("merge", "--model", CHAIN.resolve("base").toString()));
    assertTrue(runner.err().contains("--output"), runner.err());
  }

  @Test
  void averagesWhatIsAlike(@TempDir Path folder) {
    String model = CHAIN.resolve("base").toString();
    String output = folder.resolve("average").toString();
    assertEquals(
        0,
        runner.run("merge", "--average", model, model, "--weights", "1,3", "--output", output),
        runner.err());
    assertTrue(runner.err().contains("the average of 2"), runner.err());
    assertEquals(0, runner.run("inspect", "--model", output), runner.err());
    String adapter = CHAIN.resolve("mntp").toString();
    String other = folder.resolve("other").toString();
    assertEquals(1, runner.run("merge", "--average", model, adapter, "--output", other));
    assertTrue(runner.err().contains("is an adapter, unlike"), runner.err());
    for (String[] wrong :
        new String[][] {
          {"--average", model, model, "--weights", "1"},
          {"--average", model, model, "--weights", "0,0"},
          {"--average", model, model, "--model", model},
          {"--model", model, "--weights", "1,2"},
          {"--average", model},
          {}
        }) {
      List<String> args = new ArrayList<>(List.of("merge", "--output", other));
      args.addAll(List.of(wrong));
      assertEquals(2, runner.run(args.toArray(String[]::new)), args.toString());
    }
  }

  private int merge(Path output) {
    return runner.run(
        "merge",
        "--model",
        CHAIN.resolve("mntp").toString(),
        "--adapter",
        CHAIN.resolve("patterns").toString(),
        "--dtype=float32",
        "--output",
        output.toString());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import java.nio.file.Files;
import java.nio.file.Path;
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

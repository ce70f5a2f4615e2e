/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.SupervisedConfig.Instructions;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.SupervisedSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MineCommandTest {

  private final CommandRunner runner = new CommandRunner(options -> new HashEncoder(4));

  @TempDir private Path folder;
  private Path pairs;

  @BeforeEach
  void writePairs() throws IOException {
    pairs = Files.createDirectories(folder.resolve("pairs"));
    Files.write(
        pairs.resolve("rivers.jsonl"),
        List.of(
            "{\"query\":\"long river\",\"positive\":\"The Nile is a river of Africa.\"}",
            "{\"query\":\"river of France\",\"positive\":\"The Loire flows into the Atlantic.\"}",
            "{\"query\":\"river and ocean\",\"positive\":\"Amazon: most water of all.\"}"));
    Files.write(
        pairs.resolve("tools.jsonl"),
        List.of(
            "{\"query\":\"cutting wood\",\"positive\":\"A saw has teeth.\"}",
            "{\"query\":\"hitting nails\",\"positive\":\"Hammers are heavy.\"}"));
  }

  @Test
  void supervisedTrainingReadsWhatItWrites() throws IOException {
    Path output = folder.resolve("triples");
    assertEquals(0, mine(output, pairs, "--first-rank=1"), runner.err());
    assertTrue(runner.err().contains("rivers.jsonl: 3 pairs, "), runner.err());
    assertTrue(
        Files.readString(output.resolve("rivers.jsonl")).contains("\"negative\":\"The Nile"));
    assertFalse(Files.exists(output.resolve(".mining")));
    Instructions instructions = new Instructions("; ", false, Optional.empty());
    try (SupervisedSet set =
        SupervisedSet.openPlain(
            output,
            new SupervisedSet.Options(folder.resolve("cache"), 1, 1, instructions),
            new CorruptLines(DataAccess.CorruptLinePolicy.ERROR))) {
      assertTrue(set.example(0, 0).negative().isPresent());
      assertEquals(5, set.order(0).size());
    }
  }

  @Test
  void findsNegativesByAModel() throws IOException {
    Path output = folder.resolve("triples");
    assertEquals(
        0,
        runner.run(
            "mine",
            "--model",
            "any",
            "--max-score=1",
            "--output",
            output.toString(),
            pairs.toString()),
        runner.err());
    assertTrue(runner.err().contains("rivers.jsonl: 3 pairs, "), runner.err());
    assertTrue(runner.err().contains("false negatives of"), runner.err());
    assertTrue(Files.readString(output.resolve("tools.jsonl")).contains("\"negative\":\""));
    assertFalse(Files.exists(output.resolve(".mining")));
    assertEquals(2, mine(folder.resolve("t"), pairs, "--max-score=0.9"));
    assertTrue(runner.err().contains("belong to --model"), runner.err());
    assertEquals(2, mine(folder.resolve("t"), pairs, "--model=any", "--max-overlap=0.3"));
    assertTrue(runner.err().contains("say --max-score"), runner.err());
  }

  @Test
  void goesOnAfterAnInterruption() throws IOException {
    Path output = Files.createDirectories(folder.resolve("triples"));
    Files.writeString(output.resolve("rivers.jsonl"), "done before");
    assertEquals(0, mine(output, pairs), runner.err());
    assertTrue(runner.err().contains("rivers.jsonl is there"), runner.err());
    assertEquals("done before", Files.readString(output.resolve("rivers.jsonl")));
    assertEquals(2, Files.readAllLines(output.resolve("tools.jsonl")).size());
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertEquals(2, mine(pairs, pairs));
    assertTrue(runner.err().contains("--output must be another folder"), runner.err());
    assertEquals(2, mine(folder.resolve("t"), pairs, "--first-rank=9", "--last-rank=8"));
    assertTrue(runner.err().contains("ranks must rise"), runner.err());
    assertEquals(1, mine(folder.resolve("t"), folder.resolve("none.jsonl")));
    assertTrue(runner.err().contains("none.jsonl"), runner.err());
    Files.writeString(pairs.resolve("rivers.jsonl"), "{\"query\": \"no answer\"}\n");
    assertEquals(1, mine(folder.resolve("t"), pairs));
    assertTrue(runner.err().contains("rivers.jsonl:1"), runner.err());
    assertFalse(Files.exists(folder.resolve("t/rivers.jsonl")));
    Files.delete(pairs.resolve("rivers.jsonl"));
    Files.copy(pairs.resolve("tools.jsonl"), pairs.resolve("tools.json"));
    assertEquals(2, mine(folder.resolve("t"), pairs));
    assertTrue(runner.err().contains("has several files that would become"), runner.err());
  }

  private int mine(Path output, Path data, String... options) {
    String[] arguments = new String[options.length + 4];
    arguments[0] = "mine";
    arguments[1] = "--output";
    arguments[2] = output.toString();
    System.arraycopy(options, 0, arguments, 3, options.length);
    arguments[arguments.length - 1] = data.toString();
    return runner.run(arguments);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.search.SearchHit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgementsTest {

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("qrels");
  }

  @Test
  void readsTheLayoutsOfBeirAndTrec() throws IOException {
    Files.writeString(file, "query-id\tcorpus-id\tscore\n1\ta\t1\n1\tb\t0\n2\tc\t2\n");
    assertEquals(Set.of("1", "2"), Judgements.read(file).relevant().keySet());
    Files.writeString(file, "1 0 a 1\n1 0 b -1\n\n1 0 c 3\n");
    Judgements judgements = Judgements.read(file);
    assertTrue(judgements.isRelevant("1", "a"));
    assertFalse(judgements.isRelevant("1", "b"));
    assertTrue(judgements.knows("1"));
    assertFalse(judgements.knows("2"));
    List<SearchHit> hits = List.of(new SearchHit("b", "", "", 2), new SearchHit("c", "", "", 1));
    assertEquals(0.5, judgements.recall("1", hits));
  }

  @Test
  void saysWhichLineIsNotAJudgement() throws IOException {
    Files.writeString(file, "1 0 a 1\n1 a\n");
    IOException failure = assertThrows(IOException.class, () -> Judgements.read(file));
    assertTrue(failure.getMessage().contains("qrels:2: expected query"), failure.getMessage());
  }
}

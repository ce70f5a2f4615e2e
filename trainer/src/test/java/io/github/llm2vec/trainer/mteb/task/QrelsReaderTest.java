/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QrelsReaderTest {

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("qrels");
  }

  @Test
  void readsTheLayoutsOfBeirAndTrec() throws IOException {
    Files.writeString(file, "query-id\tcorpus-id\tscore\n1\ta\t1\n1\tb\t0\n2\tc\t2\n");
    assertEquals(Set.of("1", "2"), QrelsReader.read(file).queries());
    assertEquals(Set.of("a"), QrelsReader.read(file).relevant("1"));
    Files.writeString(file, "1 0 a 1\n1 0 b -1\n\n1 0 c 3\n");
    Qrels qrels = QrelsReader.read(file);
    assertEquals(Set.of("a", "c"), qrels.relevant("1"));
    assertEquals(Set.of(), qrels.relevant("2"));
    assertEquals(0.5, qrels.recall("1", List.of("b", "c")));
  }

  @Test
  void saysWhichLineIsNotAJudgement() throws IOException {
    Files.writeString(file, "1 0 a 1\n1 a\n");
    IOException failure = assertThrows(IOException.class, () -> QrelsReader.read(file));
    assertTrue(
        failure.getMessage().contains("qrels:2: expected 4 columns, found 2"),
        failure.getMessage());
  }
}

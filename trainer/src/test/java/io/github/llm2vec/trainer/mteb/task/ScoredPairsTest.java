/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoredPairsTest {

  @TempDir Path folder;
  private final List<Finding> findings = new ArrayList<>();

  private ScoredPairs read(String split) throws IOException {
    return ScoredPairs.read(folder, split, RecordFormats.DEFAULTS, Findings.lenient(findings::add));
  }

  @Test
  void readsColumnsByTheirNames() throws IOException {
    new CollectionFiles(folder)
        .write(
            "stsb.test.tsv",
            "genre\tscore\tsentence1\tsentence2",
            "news\t5\tA 'quoted\tB",
            "news\t2.5\tC\tD",
            "news\tfive\tE\tF",
            "news\t1");
    ScoredPairs pairs = read("test");
    assertEquals(List.of("A \"quoted", "C"), pairs.first());
    assertEquals(List.of("B", "D"), pairs.second());
    assertEquals(List.of(5.0, 2.5), pairs.scores());
    assertEquals(
        List.of(
            "the score 'five' is not a number; the pair is left out",
            "expected 4 columns, found 2; the pair is left out"),
        findings.stream().map(Finding::message).toList());
    assertEquals(4, findings.get(0).line());
  }

  @Test
  void readsRecords() throws IOException {
    new CollectionFiles(folder)
        .write(
            "dev.jsonl.gz",
            "{'sentence1':'a','sentence2':'b','score':1}",
            "{'sentence1':'c','sentence2':'d','score':'2.0'}",
            "{'sentence1':'c','score':2}");
    assertEquals(List.of(1.0, 2.0), read("dev").scores());
    assertEquals(1, findings.size());
  }

  @Test
  void saysWhichFileItLooksFor() throws IOException {
    DatasetException missing = assertThrows(DatasetException.class, () -> read("test"));
    assertTrue(missing.getMessage().endsWith("expected test.tsv or test.jsonl"));
    new CollectionFiles(folder).write("test.tsv", "a\tb\tc", "1\t2\t3");
    DatasetException names = assertThrows(DatasetException.class, () -> read("test"));
    assertTrue(names.getMessage().contains("must name the columns"), names.getMessage());
  }
}

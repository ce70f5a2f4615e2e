/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.lucene.TextRange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TextSplitterTest {

  private final TextSplitter cutter = new TextSplitter(text -> Optional.empty());

  @Test
  void textIsTruncatedAfterATokenAndNoSooner() {
    assertEquals("one two", cutter.truncate("one two three", 2));
    assertEquals("one two ", cutter.truncate("one two ", 3));
    assertEquals("", cutter.truncate("", 3));
  }

  @Test
  void passagesCoverTheTextAndOverlap() {
    assertEquals(
        List.of(new TextRange(0, 5), new TextRange(4, 9), new TextRange(8, 11)),
        cutter.passages("a b c d e f", new TextLength.Passages(3, 1)));
    assertEquals(List.of(), cutter.passages(" \n ", new TextLength.Passages(3, 1)));
    assertThrows(IllegalArgumentException.class, () -> new TextLength.Passages(3, 3));
  }

  @Test
  void longTextsAreCutAsShortOnesAre() {
    // Several segments: a tokenizer is given no more than a part at a time.
    String text = "word ".repeat(100_000);
    List<TextRange> passages = cutter.passages(text, new TextLength.Passages(100, 0));
    assertEquals(1000, passages.size());
    for (TextRange passage : passages) {
      assertEquals(499, passage.end() - passage.start());
      assertTrue(passage.of(text).startsWith("word word"));
    }
    assertEquals(5 * 70_000 - 1, cutter.truncate(text, 70_000).length());
  }

  @Test
  void charactersOfTwoUnitsStayWhole() {
    String text = "😀".repeat(80_000);
    String cut = cutter.truncate(text, 1);
    assertEquals(0, cut.length() % 2);
    assertTrue(text.startsWith(cut));
  }
}

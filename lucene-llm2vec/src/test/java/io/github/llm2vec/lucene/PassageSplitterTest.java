/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class PassageSplitterTest {

  private static final TokenWindows WORDS = TokenWindows.whitespace();

  @Test
  void cutsOverlappingWindows() {
    assertEquals(
        List.of("a b  c", "c d e", "e f"),
        parts(new PassageSplitter(WORDS, 3, 1), " a b  c d e f\n"));
  }

  @Test
  void aShortTextIsOnePassageAndABlankOneNone() {
    PassageSplitter splitter = new PassageSplitter(WORDS, 3, 2);
    assertEquals(List.of("a b c"), parts(splitter, "a b c"));
    assertEquals(List.of("a"), parts(splitter, "a"));
    assertEquals(List.of(), parts(splitter, ""));
    assertEquals(List.of(), parts(splitter, " \n\t"));
  }

  @Test
  void theLastWindowIsNeverWithinTheOneBefore() {
    assertEquals(List.of("a b c d", "d e"), parts(new PassageSplitter(WORDS, 4, 1), "a b c d e"));
    assertEquals(List.of("a b c d"), parts(new PassageSplitter(WORDS, 4, 3), "a b c d"));
  }

  @RepeatedTest(50)
  void windowsCoverEveryTokenAndOverlapAsAsked() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    int count = random.nextInt(60);
    for (int i = 0; i < count; i++) {
      text.append("x".repeat(1 + random.nextInt(3))).append(" ".repeat(1 + random.nextInt(3)));
    }
    int tokens = 1 + random.nextInt(10);
    int overlap = random.nextInt(tokens);
    List<TextRange> ranges = new PassageSplitter(WORDS, tokens, overlap).split(text.toString());
    Pattern space = Pattern.compile(" +");
    int covered = 0;
    for (int i = 0; i < ranges.size(); i++) {
      long size = space.splitAsStream(ranges.get(i).of(text.toString())).count();
      assertTrue(size <= tokens, "seed " + seed);
      covered += (int) size - (i > 0 ? overlap : 0);
      if (i < ranges.size() - 1) {
        assertEquals(tokens, size, "seed " + seed);
      }
    }
    assertEquals(count, covered, "seed " + seed);
  }

  @Test
  void followsTheTokensOfATokenizer() {
    // One token per character, as a tokenizer cuts a language without spaces.
    TokenWindows characters =
        TokenWindows.over(
            text -> {
              List<TextRange> tokens = new ArrayList<>();
              for (int i = 0; i < text.length(); i++) {
                tokens.add(new TextRange(i, i + 1));
              }
              return tokens;
            });
    assertEquals(List.of("東京", "京都"), parts(new PassageSplitter(characters, 2, 1), "東京都"));
  }

  @Test
  void aTextLongerThanTheTokenizerTakesIsCutAsShortOnesAre() {
    // Several segments, the borders of which no passage shows.
    String text = "word ".repeat(100_000);
    TokenWindows windows = TokenWindows.over(new TokenOffsets(part -> Optional.empty())::all);
    List<TextRange> ranges = new PassageSplitter(windows, 100, 0).split(text);
    assertEquals(1000, ranges.size());
    assertTrue(ranges.stream().allMatch(range -> range.end() - range.start() == 499));
    assertTrue(ranges.stream().allMatch(range -> range.of(text).startsWith("word word")));
  }

  @Test
  void rejectsWindowsThatStandStill() {
    assertMessage("tokens must be at least 1, got 0", () -> new PassageSplitter(WORDS, 0, 0));
    assertMessage(
        "overlap must be at least 0 and below tokens = 5, got 5",
        () -> new PassageSplitter(WORDS, 5, 5));
  }

  @Test
  void rejectsRangesOutsideTheText() {
    PassageSplitter broken =
        new PassageSplitter((text, tokens, overlap) -> List.of(new TextRange(0, 9)), 5, 0);
    assertMessage(
        "the range 0 to 9 lies outside a text of 3 characters", () -> broken.split("abc"));
    assertMessage("a text range needs 0 <= start <= end, got 3 to 2", () -> new TextRange(3, 2));
  }

  private static List<String> parts(PassageSplitter splitter, String text) {
    return splitter.split(text).stream().map(range -> range.of(text)).toList();
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}

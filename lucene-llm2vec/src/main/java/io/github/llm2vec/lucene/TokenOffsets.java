/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.tokenizer.TokenSpans;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * The character offsets of the tokens of a text of any length. A long text is tokenised in
 * segments, cut at white space if there is any near: a tokenizer takes no text of any length, and
 * tokens depend on what is near alone.
 */
public final class TokenOffsets {

  private static final int SEGMENT = 100_000;
  private static final int SEARCH = 1_000;

  private static final TokenWindows WORDS = TokenWindows.whitespace();

  private final Function<String, Optional<TokenSpans>> tokenizer;

  /** The places that a tokenizer tells, or, where it does not, those of words. */
  public TokenOffsets(Function<String, Optional<TokenSpans>> tokenizer) {
    this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
  }

  /**
   * The places of the first tokens of a text, in its order.
   *
   * @param wanted at least so many, if the text has them; more may come
   */
  public List<TextRange> first(String text, int wanted) {
    List<TextRange> places = new ArrayList<>();
    int start = 0;
    while (start < text.length() && places.size() < wanted) {
      int end = segmentEnd(text, start);
      add(text.substring(start, end), start, places);
      start = end;
    }
    return places;
  }

  /** The places of all tokens of a text, in its order. */
  public List<TextRange> all(String text) {
    return first(text, Integer.MAX_VALUE);
  }

  private void add(String segment, int offset, List<TextRange> places) {
    Optional<TokenSpans> tokens = tokenizer.apply(segment);
    if (tokens.isEmpty()) {
      for (TextRange word : WORDS.windows(segment, 1, 0)) {
        places.add(new TextRange(offset + word.start(), offset + word.end()));
      }
      return;
    }
    TokenSpans spans = tokens.get();
    for (int i = 0; i < spans.size(); i++) {
      places.add(new TextRange(offset + spans.start(i), offset + spans.end(i)));
    }
  }

  private static int segmentEnd(String text, int start) {
    int end = start + SEGMENT;
    if (end >= text.length()) {
      return text.length();
    }
    for (int i = end; i > end - SEARCH; i--) {
      if (Character.isWhitespace(text.charAt(i))) {
        return i;
      }
    }
    return Character.isLowSurrogate(text.charAt(end)) ? end - 1 : end;
  }
}

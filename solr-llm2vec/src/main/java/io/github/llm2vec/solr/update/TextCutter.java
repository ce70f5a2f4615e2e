/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.encoder.TokenSpans;
import io.github.llm2vec.lucene.PassageSplitter;
import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.lucene.TokenWindows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Cuts texts at token borders. A long text is tokenised in segments, cut at white space if there is
 * any near: a tokenizer takes no text of any length, and tokens depend on what is near alone.
 */
final class TextCutter {

  private static final int SEGMENT = 100_000;
  private static final int SEARCH = 1_000;

  private static final TokenWindows WORDS = TokenWindows.whitespace();

  private final Function<String, Optional<TokenSpans>> tokenizer;

  /** Cuts by a tokenizer or, where that does not tell, by words. */
  TextCutter(Function<String, Optional<TokenSpans>> tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** The beginning of a text. */
  String truncate(String text, int tokens) {
    List<TextRange> places = places(text, tokens);
    return places.size() < tokens ? text : text.substring(0, places.get(tokens - 1).end());
  }

  /** The passages of a text; none if it is blank. */
  List<TextRange> passages(String text, TextLength.Passages length) {
    TokenWindows windows = TokenWindows.over(all -> places(all, Integer.MAX_VALUE));
    return new PassageSplitter(windows, length.tokens(), length.overlap()).split(text);
  }

  /** The first tokens of a text, at least as many as wanted if it has them. */
  private List<TextRange> places(String text, int wanted) {
    List<TextRange> places = new ArrayList<>();
    int start = 0;
    while (start < text.length() && places.size() < wanted) {
      int end = segmentEnd(text, start);
      addPlaces(text.substring(start, end), start, places);
      start = end;
    }
    return places;
  }

  private void addPlaces(String segment, int offset, List<TextRange> places) {
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import io.github.llm2vec.lucene.PassageSplitter;
import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.lucene.TokenOffsets;
import io.github.llm2vec.lucene.TokenWindows;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Truncates texts and splits them into passages at token boundaries. */
public final class TextSplitter {

  private final TokenOffsets places;

  /** Cuts by a tokenizer or, where that does not tell, by words. */
  public TextSplitter(Function<String, Optional<TokenSpans>> tokenizer) {
    this.places = new TokenOffsets(tokenizer);
  }

  /** The beginning of a text. */
  public String truncate(String text, int tokens) {
    List<TextRange> first = places.first(text, tokens);
    return first.size() < tokens ? text : text.substring(0, first.get(tokens - 1).end());
  }

  /** The passages of a text; none if it is blank. */
  public List<TextRange> passages(String text, TextLength.Passages length) {
    TokenWindows windows = TokenWindows.over(places::all);
    return new PassageSplitter(windows, length.tokens(), length.overlap()).split(text);
  }
}

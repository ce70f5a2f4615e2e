/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.encoder.TextEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Cuts a text into overlapping windows of tokens. Implementations are thread-safe. */
@FunctionalInterface
public interface TokenWindows {

  /**
   * Finds the windows of a text.
   *
   * @param text any text
   * @param tokens most tokens in a window, at least 1
   * @param overlap tokens that a window shares with the one before, less than {@code tokens}
   * @return the windows in the order of the text, together covering every token; none if the text
   *     has no tokens
   */
  List<TextRange> windows(String text, int tokens, int overlap);

  /**
   * Windows over the tokens of a tokenizer.
   *
   * @param tokenizer gives the place of every token in the order of the text. It should be the
   *     encoder's own, so that a full window fills the encoder's limit and no more
   */
  static TokenWindows over(Function<String, List<TextRange>> tokenizer) {
    return (text, tokens, overlap) -> {
      List<TextRange> places = tokenizer.apply(text);
      List<TextRange> windows = new ArrayList<>();
      int first = 0;
      while (first < places.size()) {
        int end = Math.min(first + tokens, places.size());
        windows.add(new TextRange(places.get(first).start(), places.get(end - 1).end()));
        // The window that reaches the last token ends the text: what follows would lie within it.
        first = end == places.size() ? end : end - overlap;
      }
      return windows;
    };
  }

  /** Windows over an encoder's own tokens or, if it does not tell them, over words. */
  static TokenWindows of(TextEncoder encoder) {
    return over(new TokenOffsets(encoder::tokenSpans)::all);
  }

  /**
   * Windows over what stands between white space, for where no tokenizer is at hand. In English a
   * word is about 1.3 tokens of a language model; a language written without spaces gives one huge
   * token, so use the encoder's tokenizer there.
   */
  static TokenWindows whitespace() {
    Pattern word = Pattern.compile("\\S+");
    return over(
        text ->
            word.matcher(text)
                .results()
                .map(match -> new TextRange(match.start(), match.end()))
                .toList());
  }
}

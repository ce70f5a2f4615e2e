/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.tokenizer.TokenSpans;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.util.List;

/**
 * Shortens a text to {@code doc_max_length} tokens before anything is put around it. Upstream drops
 * whole words by a rule of three until the count fits; that is kept where it works. Where it leaves
 * less than half of what fits, because the text has few or no spaces, the text is cut between
 * tokens instead.
 */
final class DocumentShortener {

  /** Characters of a text looked at when it is cut by tokens, for each token wanted. */
  private static final int CHARACTERS_PER_TOKEN = 64;

  private final Tokenizer tokenizer;
  private final int maxLength;
  private final int docMaxLength;
  private final boolean wordsOnly;

  DocumentShortener(Tokenizer tokenizer, TextSettings settings) {
    this.tokenizer = tokenizer;
    this.maxLength = settings.maxLength();
    this.docMaxLength = settings.docMaxLength();
    this.wordsOnly = settings.compatibility().has(CompatibilityFlag.WORD_SHORTENING);
  }

  /** The text, or what of it fits. */
  String shorten(String text) {
    if (docMaxLength >= maxLength) {
      return text;
    }
    int tokens = count(text);
    if (tokens <= docMaxLength) {
      return text;
    }
    List<String> words = PythonText.words(text);
    String shortened = text;
    while (tokens > docMaxLength) {
      double ratio = (double) docMaxLength / tokens;
      words = words.subList(0, (int) (words.size() * ratio));
      shortened = String.join(" ", words);
      tokens = count(shortened);
    }
    return wordsOnly || tokens >= docMaxLength / 2 ? shortened : cutBetweenTokens(text);
  }

  /** Upstream counts with truncation on, so a long text counts as max_length tokens. */
  private int count(String text) {
    return Math.min(tokenizer.encodePrefix(text, maxLength).length, maxLength);
  }

  private String cutBetweenTokens(String text) {
    long look = Math.min((long) docMaxLength * CHARACTERS_PER_TOKEN, Tokenizer.MAX_CHARACTERS);
    String cut = text.substring(0, characterBorder(text, (int) look));
    TokenSpans spans = tokenizer.encodeWithSpans(cut);
    int keep = docMaxLength;
    while (spans.size() > docMaxLength) {
      // The first token too many goes with all its characters; a cut may add a token elsewhere.
      cut = cut.substring(0, spans.start(keep));
      spans = tokenizer.encodeWithSpans(cut);
      keep--;
    }
    return cut;
  }

  private static int characterBorder(String text, int index) {
    if (index >= text.length()) {
      return text.length();
    }
    return Character.isLowSurrogate(text.charAt(index)) ? index - 1 : index;
  }
}

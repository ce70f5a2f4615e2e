/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.TokenSpans;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.apiguardian.api.API;

/**
 * The preparation of a text for the model: shortened, put into the template, tokenised, truncated,
 * with the window of tokens that is pooled. Follows upstream's {@code _convert_to_str}, {@code
 * prepare_for_tokenization} and {@code tokenize} (llm2vec 0.2.3); what differs from them is a
 * {@link CompatibilityFlag} each.
 *
 * <p>Thread-safe; uses the tokenizer, does not close it.
 */
@API(status = API.Status.INTERNAL)
public final class TextPreparation {

  private final Tokenizer tokenizer;
  private final TextSettings settings;
  private final DocumentShortener shortener;
  private final EosSuffix eosText;
  private final int room;

  /**
   * Creates a preparation.
   *
   * @throws IllegalArgumentException if {@code max_length} leaves no room for special tokens, or
   *     the pooling needs a special token that the tokenizer does not have
   */
  public TextPreparation(Tokenizer tokenizer, TextSettings settings) {
    this.tokenizer = tokenizer;
    this.settings = settings;
    this.shortener = new DocumentShortener(tokenizer, settings);
    this.eosText = EosSuffix.of(tokenizer, settings);
    int special = tokenizer.prefixIds().size() + tokenizer.suffixIds().size();
    this.room = settings.maxLength() - special - (eosText.id().isPresent() ? 1 : 0);
    if (room < 1) {
      throw new IllegalArgumentException(
          "max_length must leave room for text beside "
              + (settings.maxLength() - room)
              + " special tokens, got "
              + settings.maxLength());
    }
  }

  /** Prepares a text as {@code encode} does. */
  public TokenizedText prepare(String text, Prompt prompt) {
    ChatTemplate.Frame frame = settings.template().frame(prompt);
    return prepareMarked(frame.before(), shortener.shorten(text) + frame.after());
  }

  /**
   * Prepares texts, several at once if that pays.
   *
   * @param executor runs part of the work; the calling thread takes part, so a busy executor slows
   *     it down but cannot block it
   * @param parallelism most threads to work at once, the calling one included
   * @return one result per text, in their order
   */
  public List<TokenizedText> prepareAll(
      List<String> texts, Prompt prompt, Executor executor, int parallelism) {
    return ParallelMap.map(texts, text -> prepare(text, prompt), executor, parallelism);
  }

  /**
   * Prepares a text that is not to be shortened, with the literal string that comes before it. This
   * is what training does: its instructions are joined in other ways than those of encoding.
   *
   * @param before what is not pooled, such as an instruction with its joining characters
   * @param pooled the text
   */
  public TokenizedText prepareMarked(String before, String pooled) {
    SeparatedPrompt marked = new SeparatedPrompt(before, pooled);
    ChatTemplate template = settings.template();
    if (template.isFramed()) {
      marked = marked.strip().wrap(template.head(), template.tail());
    }
    if (eosText.strips()) {
      marked = marked.strip().wrap("", eosText.literal());
    }
    boolean literally = settings.compatibility().has(CompatibilityFlag.SEPARATOR_IN_TEXT);
    return tokenize(marked, literally ? marked.splitAtSeparators() : marked.split());
  }

  private TokenizedText tokenize(SeparatedPrompt marked, SeparatedPrompt.Split split) {
    if (settings.skipInstruction() && settings.countsPrompt()) {
      return tokenizeAfterPrompt(marked);
    }
    if (settings.skipInstruction()
        && !settings.compatibility().has(CompatibilityFlag.WINDOW_OF_TEXT_ALONE)) {
      return tokenizeExactly(marked);
    }
    int[] content = encode(split.full());
    int[] ids = frame(content);
    if (!settings.skipInstruction()) {
      return result(ids, ids.length);
    }
    int window =
        split.suffix().equals(split.full()) ? content.length : encode(split.suffix()).length;
    window = Math.min(window, settings.maxLength()) + (eosText.id().isPresent() ? 1 : 0);
    return result(ids, Math.min(window, ids.length));
  }

  /**
   * Sentence-transformers' window: it leaves out as many tokens as the prompt has by itself,
   * special tokens included, unless one of them ends it.
   */
  private TokenizedText tokenizeAfterPrompt(SeparatedPrompt marked) {
    int[] ids = frame(encode(marked.full()));
    if (marked.before().isEmpty()) {
      return result(ids, ids.length);
    }
    int[] prompt = frame(encode(marked.before()));
    int skipped = prompt.length - (tokenizer.isSpecial(prompt[prompt.length - 1]) ? 1 : 0);
    return result(ids, Math.max(0, ids.length - skipped));
  }

  /** The window begins with the first token that has a character of the pooled part. */
  private TokenizedText tokenizeExactly(SeparatedPrompt marked) {
    String full = marked.full();
    int most = Math.min(full.length(), Tokenizer.MAX_CHARACTERS);
    int from = tokenizer.truncatesLeft() ? full.length() - most : 0;
    TokenSpans spans = tokenizer.encodeWithSpans(full.substring(from, from + most));
    int[] ids = frame(spans.ids());
    int kept = Math.min(spans.size(), room);
    int cut = tokenizer.truncatesLeft() ? spans.size() - kept : 0;
    int first = 0;
    while (first < kept && from + spans.end(cut + first) <= marked.before().length()) {
      first++;
    }
    return result(ids, ids.length - tokenizer.prefixIds().size() - first);
  }

  /** As many ids as can be needed, from the side that truncation keeps. */
  private int[] encode(String text) {
    return tokenizer.truncatesLeft()
        ? tokenizer.encodeSuffix(text, settings.maxLength())
        : tokenizer.encodePrefix(text, settings.maxLength());
  }

  /** Truncates and puts the special tokens around, in that order as upstream does. */
  private int[] frame(int[] content) {
    List<Integer> prefix = tokenizer.prefixIds();
    List<Integer> suffix = tokenizer.suffixIds();
    Optional<Integer> eos = eosText.id();
    int kept = Math.min(content.length, room);
    int[] ids = new int[prefix.size() + kept + (eos.isPresent() ? 1 : 0) + suffix.size()];
    int length = 0;
    for (int id : prefix) {
      ids[length++] = id;
    }
    int cut = tokenizer.truncatesLeft() ? content.length - kept : 0;
    System.arraycopy(content, cut, ids, length, kept);
    length += kept;
    if (eos.isPresent()) {
      ids[length++] = eos.get();
    }
    for (int id : suffix) {
      ids[length++] = id;
    }
    return ids.length == 0 ? emptyRow() : ids;
  }

  /** A text of no tokens at all becomes one token of padding, which upstream's row consists of. */
  private int[] emptyRow() {
    int pad =
        tokenizer
            .padId()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "an empty text has no tokens, and the tokenizer has no eos_token to stand"
                            + " for it; leave empty texts out"));
    return new int[] {pad};
  }

  private TokenizedText result(int[] ids, int window) {
    boolean padding = settings.compatibility().has(CompatibilityFlag.EMPTY_POOLS_PADDING);
    int pooled = window == 0 && !padding ? ids.length : window;
    int bos = -1;
    if (settings.pooling() == Pooling.BOS_TOKEN) {
      bos = bosPosition(ids);
    }
    return new TokenizedText(ids, pooled, bos);
  }

  private int bosPosition(int[] ids) {
    int bos = tokenizer.bosId().orElse(-1);
    int[] positions = IntStream.range(0, ids.length).filter(i -> ids[i] == bos).toArray();
    if (positions.length == 0) {
      throw new IllegalArgumentException(
          "pooling bos_token needs a beginning-of-sequence token, but the tokenizer puts none"
              + " before the text; choose another pooling");
    }
    if (positions.length > 1 && settings.compatibility().has(CompatibilityFlag.EVERY_BOS)) {
      throw new IllegalArgumentException(
          "pooling bos_token found "
              + positions.length
              + " beginning-of-sequence tokens in one text, each of which upstream takes for a text"
              + " of its own; switch every-bos off to pool the first");
    }
    return positions[0];
  }
}

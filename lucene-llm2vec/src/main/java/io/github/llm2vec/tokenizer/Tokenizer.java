/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * Text to token ids, exactly as Hugging Face's fast tokenizers give them. Special tokens written
 * inside a text count as such, as in Python. Nothing is truncated or padded here.
 *
 * <p>A character that Python could not pass on, a surrogate without its partner, is replaced by
 * U+FFFD.
 *
 * <p>Implementations are thread-safe.
 */
public interface Tokenizer extends AutoCloseable {

  /**
   * Opens the tokenizer of a model folder: {@code tokenizer.json}, which must be there, and {@code
   * tokenizer_config.json}, {@code special_tokens_map.json}, {@code added_tokens.json} and {@code
   * config.json} where they are.
   *
   * @throws TokenizerFormatException if a file is missing or malformed, or every text would have an
   *     id beyond the model's embedding
   * @throws IOException if a file cannot be read
   */
  static Tokenizer open(Path folder, TokenizerOptions options) throws IOException {
    return NativeTokenizer.open(folder, options);
  }

  /** Opens a model folder's tokenizer as published checkpoints need it; see {@link #open}. */
  static Tokenizer open(Path folder) throws IOException {
    return open(folder, TokenizerOptions.DEFAULTS);
  }

  /** Most characters (UTF-16 units) of a text that is tokenised as a whole. */
  int MAX_CHARACTERS = 2_000_000;

  /**
   * The ids of a text without the special tokens that frame a sequence.
   *
   * @param text at most {@link #MAX_CHARACTERS} long; the native library would abort the process
   *     over some longer ones
   * @return a fresh array, empty for the empty text
   * @throws IllegalArgumentException if the text is too long, or one of its ids lies beyond the
   *     model's embedding
   * @throws IllegalStateException if this tokenizer is closed
   */
  int[] encode(String text);

  /**
   * The first ids of a text of any length. Only as much of the text is looked at as is needed: it
   * is cut where that provably leaves the first ids as they are. A text without such a place (one
   * that is nearly all whitespace, or a single word) is looked at up to {@link #MAX_CHARACTERS}.
   *
   * @param wanted how many ids are needed
   * @return the ids that {@link #encode} would begin with, at least as many as wanted, unless the
   *     text has less; a fresh array
   * @throws IllegalStateException if this tokenizer is closed
   */
  int[] encodePrefix(String text, int wanted);

  /**
   * The last ids of a text of any length, of which the last {@link #MAX_CHARACTERS} are looked at.
   *
   * @param wanted how many ids are needed
   * @return at least as many as wanted, unless the text has less; a fresh array
   * @throws IllegalStateException if this tokenizer is closed
   */
  int[] encodeSuffix(String text, int wanted);

  /** Whether a text that is too long loses its beginning: {@code truncation_side} is left. */
  boolean truncatesLeft();

  /**
   * The ids of a text as {@link #encode} gives them, with the part of the text that each token
   * stands for.
   *
   * @throws IllegalArgumentException if the text is longer than {@link #MAX_CHARACTERS}
   * @throws IllegalStateException if this tokenizer is closed
   */
  TokenSpans encodeWithSpans(String text);

  /** Special tokens put before every sequence, such as the BOS of a Llama; often one, or none. */
  List<Integer> prefixIds();

  /** Special tokens put after every sequence, such as E5-Mistral's EOS; mostly none. */
  List<Integer> suffixIds();

  /** Id of {@code bos_token}, if the tokenizer has one. */
  OptionalInt bosId();

  /** Id of {@code eos_token}, if the tokenizer has one. */
  OptionalInt eosId();

  /** Id used for padding: that of {@code eos_token}, whatever {@code pad_token} says. */
  default OptionalInt padId() {
    return eosId();
  }

  /**
   * Id of a token by its exact content, special or not, such as {@code "</s>"} or a vocabulary
   * entry; empty if there is none.
   */
  OptionalInt idOf(String token);

  /** Whether a string written in a text is always cut out as one token of its own. */
  boolean isAtomic(String token);

  /** Whether an id is that of a special token which the files name, such as {@code eos_token}. */
  boolean isSpecial(int id);

  /**
   * Largest id plus one. It may be more than the model's embedding has rows: tokens were added that
   * no text is meant to hold. A text that holds one is refused, see {@link
   * TokenizerOptions#embeddingRows()}.
   */
  int vocabSize();

  /**
   * Equal for tokenizers that give the same ids to ordinary texts, by a sample of such in many
   * scripts; other files may give the same. Sixteen hexadecimal digits, the same in every version.
   *
   * @throws IllegalStateException if this tokenizer is closed
   */
  default String fingerprint() {
    return TokenizerFingerprint.of(this);
  }

  /** Frees the native tokenizer; closing again does nothing. */
  @Override
  void close();
}

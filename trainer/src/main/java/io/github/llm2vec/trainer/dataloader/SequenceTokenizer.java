/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.tokenizer.Tokenizer;
import java.util.BitSet;
import java.util.List;

/**
 * Tokenizes texts as language modelling wants them: with the special tokens that the tokenizer puts
 * around a sequence, told apart from those that a text itself spells out. Thread-safe; uses the
 * tokenizer, does not close it.
 */
final class SequenceTokenizer {

  private final Tokenizer tokenizer;
  private final int[] prefix;
  private final int[] suffix;

  SequenceTokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.prefix = ints(tokenizer.prefixIds());
    this.suffix = ints(tokenizer.suffixIds());
  }

  private static int[] ints(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  /** All of a text. */
  TokenRow encode(String text) {
    int[] content = tokenizer.encode(text);
    return frame(content, content.length);
  }

  /**
   * As much of a text as fits.
   *
   * @param maxLength most tokens, special ones included
   */
  TokenRow encode(String text, int maxLength) {
    int room = Math.max(0, maxLength - prefix.length - suffix.length);
    int[] content = tokenizer.encodePrefix(text, room);
    return frame(content, Math.min(room, content.length));
  }

  private TokenRow frame(int[] content, int kept) {
    int[] ids = new int[prefix.length + kept + suffix.length];
    System.arraycopy(prefix, 0, ids, 0, prefix.length);
    System.arraycopy(content, 0, ids, prefix.length, kept);
    System.arraycopy(suffix, 0, ids, prefix.length + kept, suffix.length);
    BitSet special = new BitSet(ids.length);
    special.set(0, prefix.length);
    special.set(prefix.length + kept, ids.length);
    return TokenRow.of(ids, special);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** A tokenized training sequence with its {@code special_tokens_mask}. Immutable. */
public final class TokenRow {

  private static final int SPECIAL = 1 << 31;

  /** Ids, the highest bit set for special tokens. */
  private final int[] tokens;

  private TokenRow(int[] tokens) {
    this.tokens = tokens;
  }

  /**
   * Makes a row.
   *
   * @param ids at least one
   * @param special positions of special tokens
   */
  public static TokenRow of(int[] ids, BitSet special) {
    int[] tokens = ids.clone();
    special.stream().forEach(position -> tokens[position] |= SPECIAL);
    return new TokenRow(tokens);
  }

  /** Number of tokens. */
  public int length() {
    return tokens.length;
  }

  /** Id of a token. */
  public int id(int position) {
    return tokens[position] & ~SPECIAL;
  }

  /** Whether a token was put there by the tokenizer, such as BOS. */
  public boolean isSpecial(int position) {
    return (tokens[position] & SPECIAL) != 0;
  }

  /** A part of this row. */
  TokenRow slice(int from, int to) {
    return new TokenRow(Arrays.copyOfRange(tokens, from, to));
  }

  /** Rows laid end to end. */
  static TokenRow concat(List<TokenRow> rows) {
    int[] tokens = new int[rows.stream().mapToInt(TokenRow::length).sum()];
    int position = 0;
    for (TokenRow row : rows) {
      System.arraycopy(row.tokens, 0, tokens, position, row.length());
      position += row.length();
    }
    return new TokenRow(tokens);
  }

  /** This row as bytes, for {@link #ofBytes}. */
  byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(tokens.length * Integer.BYTES);
    bytes.asIntBuffer().put(tokens);
    return bytes.array();
  }

  /** The row that was written by {@link #toBytes}. */
  static TokenRow ofBytes(byte[] bytes) {
    int[] tokens = new int[bytes.length / Integer.BYTES];
    ByteBuffer.wrap(bytes).asIntBuffer().get(tokens);
    return new TokenRow(tokens);
  }
}

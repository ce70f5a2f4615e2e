/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Optional;

/**
 * A text ready for the model: its token ids, how many of the last ones are pooled, and with which
 * adapter it is encoded. Immutable.
 */
public final class TokenizedText {

  private final int[] ids;
  private final int poolLength;
  private final int bosPosition;
  private final Optional<Adapter> adapter;

  /**
   * @param ids at least one id; owned by this object from now on
   * @param poolLength number of pooled tokens at the end; 0 for none, see {@link #poolsPadding()}
   * @param bosPosition position of the first BOS, or -1
   */
  TokenizedText(int[] ids, int poolLength, int bosPosition) {
    this(ids, poolLength, bosPosition, Optional.empty());
  }

  private TokenizedText(int[] ids, int poolLength, int bosPosition, Optional<Adapter> adapter) {
    if (ids.length == 0 || poolLength < 0 || poolLength > ids.length) {
      throw new IllegalArgumentException(
          "cannot pool " + poolLength + " of " + ids.length + " tokens; this is a bug");
    }
    this.ids = ids;
    this.poolLength = poolLength;
    this.bosPosition = bosPosition;
    this.adapter = adapter;
  }

  /** The same text, to be encoded with an adapter, or with the base alone. */
  public TokenizedText with(Optional<Adapter> value) {
    return value.equals(adapter) ? this : new TokenizedText(ids, poolLength, bosPosition, value);
  }

  /** The adapter with which it is encoded; empty for the base alone. */
  public Optional<Adapter> adapter() {
    return adapter;
  }

  /**
   * A text of given tokens, all of them pooled, for models that are not opened from a checkpoint.
   *
   * @param ids at least one id
   */
  public static TokenizedText of(int... ids) {
    return new TokenizedText(ids.clone(), ids.length, -1);
  }

  /** Number of tokens, at least one. */
  public int length() {
    return ids.length;
  }

  /** Id of a token. */
  public int id(int token) {
    return ids[token];
  }

  /** Copies all ids. */
  public void copyIds(int[] target, int offset) {
    System.arraycopy(ids, 0, target, offset, ids.length);
  }

  /** All ids, a fresh array. */
  public int[] ids() {
    return ids.clone();
  }

  /** How many of the last tokens are pooled; 0 means none. */
  public int poolLength() {
    return poolLength;
  }

  /**
   * Whether no token is pooled, so that upstream's mean goes over the whole padded row. This only
   * happens with {@link CompatibilityFlag#EMPTY_POOLS_PADDING}.
   */
  public boolean poolsPadding() {
    return poolLength == 0;
  }

  /** Position of the first beginning-of-sequence token, or -1 if there is none. */
  public int bosPosition() {
    return bosPosition;
  }
}

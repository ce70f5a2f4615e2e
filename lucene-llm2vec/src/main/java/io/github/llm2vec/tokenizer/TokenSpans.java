/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import org.apiguardian.api.API;

/**
 * Token ids with the part of the text that each stands for, in UTF-16 units. Tokens that are only
 * some bytes of a character share its span.
 */
@API(status = API.Status.STABLE)
public final class TokenSpans {

  private final int[] ids;
  private final int[] starts;
  private final int[] ends;

  TokenSpans(int[] ids, int[] starts, int[] ends) {
    this.ids = ids;
    this.starts = starts;
    this.ends = ends;
  }

  /**
   * Tokens that another tokenizer has found, on another machine for instance.
   *
   * @param ids of the tokens
   * @param starts where each begins in the text, in UTF-16 units
   * @param ends where each ends
   * @throws IllegalArgumentException if the lengths differ
   */
  public static TokenSpans of(int[] ids, int[] starts, int[] ends) {
    if (ids.length != starts.length || ids.length != ends.length) {
      throw new IllegalArgumentException(
          "%s ids, %s starts and %s ends are no tokens"
              .formatted(ids.length, starts.length, ends.length));
    }
    return new TokenSpans(ids.clone(), starts.clone(), ends.clone());
  }

  /** Number of tokens. */
  public int size() {
    return ids.length;
  }

  /** Id of a token. */
  public int id(int token) {
    return ids[token];
  }

  /** Index of the first UTF-16 unit of the text that a token covers. */
  public int start(int token) {
    return starts[token];
  }

  /** Index after the last UTF-16 unit of the text that a token covers. */
  public int end(int token) {
    return ends[token];
  }

  /** All ids, a fresh array. */
  public int[] ids() {
    return ids.clone();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.files.OptionNames;

/**
 * Pooling modes, which make one vector of a text's hidden states: upstream's five, then those that
 * only sentence-transformers has, each under its own library's name.
 */
public enum Pooling {
  /** The average over the pooled tokens. */
  MEAN("mean"),
  /** The average with weights 1, 2, ... from the first to the last pooled token. */
  WEIGHTED_MEAN("weighted_mean"),
  /** The last token, after an end-of-sequence token was appended to the text. */
  EOS_TOKEN("eos_token"),
  /** The last token, whatever it is. */
  LAST_TOKEN("last_token"),
  /** The beginning-of-sequence token. */
  BOS_TOKEN("bos_token"),
  /** The first pooled token. */
  CLS("cls"),
  /** The largest value of every component over the pooled tokens. */
  MAX("max"),
  /** The sum over the pooled tokens divided by the square root of their number. */
  MEAN_SQRT_LEN_TOKENS("mean_sqrt_len_tokens"),
  /** The average with the tokens' positions in the whole sequence as weights, counted from 1. */
  WEIGHTEDMEAN("weightedmean");

  private final String optionName;

  Pooling(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in options and in {@code llm2vec_config.json}. */
  public String optionName() {
    return optionName;
  }

  /**
   * Finds a mode by its spelling.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   */
  public static Pooling of(String optionName) {
    return OptionNames.find("pooling", values(), Pooling::optionName, optionName);
  }

  /**
   * The weights whose sum over hidden states is the text's vector, for a row without padding.
   *
   * @throws IllegalArgumentException if the text needs padding to be pooled as upstream does, see
   *     {@link TokenizedText#poolsPadding()}
   */
  public PoolingWeights weights(TokenizedText text) {
    if (this == MEAN && text.poolsPadding()) {
      throw new IllegalArgumentException(
          "a text without pooled tokens is averaged over its padding; give the padded length");
    }
    return weights(text, text.length());
  }

  /**
   * The weights for a row that is padded on the left.
   *
   * @param text the row's tokens, which are its last ones
   * @param rowLength length of the row, padding included
   */
  public PoolingWeights weights(TokenizedText text, int rowLength) {
    if (rowLength < text.length() || rowLength < 1) {
      throw new IllegalArgumentException(
          "a row of " + text.length() + " tokens does not fit in " + rowLength + " positions");
    }
    int pooled = text.poolLength();
    return switch (this) {
      // A window of none is the whole row, as Python's h[-0:] is.
      case MEAN ->
          pooled == 0
              ? PoolingWeights.equal(0, rowLength)
              : PoolingWeights.equal(rowLength - pooled, pooled);
      case WEIGHTED_MEAN -> PoolingWeights.rising(rowLength - pooled, pooled, 0);
      case WEIGHTEDMEAN ->
          PoolingWeights.rising(rowLength - pooled, pooled, text.length() - pooled);
      case MEAN_SQRT_LEN_TOKENS ->
          PoolingWeights.constant(rowLength - pooled, pooled, (float) (1 / Math.sqrt(pooled)));
      case CLS -> PoolingWeights.equal(rowLength - pooled, Math.min(1, pooled));
      case MAX ->
          throw new IllegalArgumentException("the largest values are no weighted sum of states");
      case EOS_TOKEN, LAST_TOKEN -> PoolingWeights.equal(rowLength - 1, 1);
      case BOS_TOKEN -> PoolingWeights.equal(rowLength - text.length() + bosPosition(text), 1);
    };
  }

  private static int bosPosition(TokenizedText text) {
    if (text.bosPosition() < 0) {
      throw new IllegalArgumentException(
          "pooling bos_token needs a beginning-of-sequence token, but the tokenizer put none before"
              + " the text; choose another pooling");
    }
    return text.bosPosition();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

/**
 * Handling of long texts: left to the model, truncated, or split into passages. Tokens are those of
 * the model, without its own special ones.
 */
public sealed interface TextLength {

  /** Nothing: the model truncates at its own limit. */
  public record Whole() implements TextLength {}

  /**
   * What comes after so many tokens is not encoded.
   *
   * @param tokens most tokens of a text
   */
  public record Truncated(int tokens) implements TextLength {
    /** Rejects a length that leaves nothing. */
    public Truncated {
      requirePositive(tokens);
    }
  }

  /**
   * The text is cut into passages, which become nested documents with vectors of their own. The
   * last field of the template is what is cut; what stands before it goes with every passage.
   *
   * @param tokens most tokens of a passage
   * @param overlap tokens that a passage shares with the one before it
   */
  public record Passages(int tokens, int overlap) implements TextLength {
    /** Rejects passages that would not move forward. */
    public Passages {
      requirePositive(tokens);
      if (overlap < 0 || overlap >= tokens) {
        throw new IllegalArgumentException(
            "passageOverlap must be at least 0 and below maxTokens = %s, found %s"
                .formatted(tokens, overlap));
      }
    }
  }

  private static void requirePositive(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("maxTokens must be at least 1, found " + tokens);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.encoder.TokenizedText;
import java.util.List;

/**
 * A batch of contrastive training: tokenized texts with the window that is pooled of each. Row i of
 * the positives belongs to row i of the queries; so does row i of the negatives.
 *
 * @param queries B texts
 * @param positives B texts; for SimCSE the queries once more, which dropout makes different
 * @param negatives B texts, or none
 */
public record ContrastiveBatch(
    List<TokenizedText> queries, List<TokenizedText> positives, List<TokenizedText> negatives) {

  /** Copies and checks the lists. */
  public ContrastiveBatch {
    queries = List.copyOf(queries);
    positives = List.copyOf(positives);
    negatives = List.copyOf(negatives);
    boolean alike = negatives.isEmpty() || negatives.size() == queries.size();
    if (queries.isEmpty() || positives.size() != queries.size() || !alike) {
      throw new IllegalArgumentException(
          ("a batch has as many positives as queries, got %s and %s, and as many"
                  + " negatives or none, got %s")
              .formatted(positives.size(), queries.size(), negatives.size()));
    }
  }

  /** Rows, B. */
  public int rows() {
    return queries.size();
  }

  /** Tokens of all texts. */
  public int tokens() {
    int tokens = 0;
    for (List<TokenizedText> texts : List.of(queries, positives, negatives)) {
      tokens += texts.stream().mapToInt(TokenizedText::length).sum();
    }
    return tokens;
  }
}

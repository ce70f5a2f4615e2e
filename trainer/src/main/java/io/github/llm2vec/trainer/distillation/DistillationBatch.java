/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.encoder.TokenizedText;
import java.util.List;

/**
 * A batch of distillation: tokenized texts and the teacher's vector of each.
 *
 * @param queries Q texts, or none if texts are all alike
 * @param documents D texts
 * @param teacher Q + D vectors, those of the queries first
 */
public record DistillationBatch(
    List<TokenizedText> queries, List<TokenizedText> documents, List<float[]> teacher) {

  /** Copies and checks the lists. */
  public DistillationBatch {
    queries = List.copyOf(queries);
    documents = List.copyOf(documents);
    teacher = List.copyOf(teacher);
    if (documents.isEmpty() || queries.size() + documents.size() != teacher.size()) {
      throw new IllegalArgumentException(
          "a batch has a document, and a vector of the teacher for every text, got %s, %s and %s"
              .formatted(queries.size(), documents.size(), teacher.size()));
    }
  }

  /** Texts of the batch. */
  public int texts() {
    return teacher.size();
  }

  /** The teacher's vectors as rows. */
  public float[][] rows() {
    return teacher.toArray(float[][]::new);
  }

  /** Tokens of all texts. */
  public int tokens() {
    return queries.stream().mapToInt(TokenizedText::length).sum()
        + documents.stream().mapToInt(TokenizedText::length).sum();
  }
}

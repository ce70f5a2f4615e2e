/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving.batching;

import io.github.llm2vec.encoder.Role;
import java.util.List;

/**
 * The batch that a {@link BatchPolicy} chose.
 *
 * @param texts at least one, none twice
 * @param lane whose turn it was; a step of the query lane may be topped up with documents
 */
public record SelectedBatch(List<QueuedText> texts, Role lane) {

  /** Copies the list. */
  public SelectedBatch {
    texts = List.copyOf(texts);
  }

  public BatchShape shape() {
    BatchShape shape = BatchShape.EMPTY;
    for (QueuedText text : texts) {
      shape = shape.plus(text.tokens());
    }
    return shape;
  }
}

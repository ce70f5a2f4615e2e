/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.FloatList;
import io.github.llm2vec.solr.update.vector.StoredVector;
import java.util.List;
import java.util.Optional;

/** Plan for one vector field of a document. */
sealed interface VectorPlan {

  /**
   * A text that becomes one vector: the whole text of a document, or a passage.
   *
   * @param text as it is encoded
   * @param hash that its stored copy carries
   * @param range which part of the text that was cut it is
   * @param known its vector, if it has been encoded before
   */
  record TextChunk(String text, TextHash hash, TextRange range, Optional<FloatList> known) {

    TextChunk(String text, TextHash hash, TextRange range) {
      this(text, hash, range, Optional.empty());
    }

    TextChunk knownAs(Optional<FloatList> vector) {
      return new TextChunk(text, hash, range, vector);
    }
  }

  /** Nothing: it has no text, or keeps what it has. */
  record Leave() implements VectorPlan {}

  /** All its text is gone, and so must be the vector. */
  record Clear() implements VectorPlan {}

  /**
   * The client decides about the vector.
   *
   * @param copy of it
   */
  record Own(StoredVector copy) implements VectorPlan {}

  /**
   * It gets the vectors of its text.
   *
   * @param text hash of the whole text
   * @param chunks the text, or its passages
   */
  record Fill(TextHash text, List<TextChunk> chunks) implements VectorPlan {

    /** How many of the pieces have their vectors already. */
    int reused() {
      return (int) chunks.stream().filter(chunk -> chunk.known().isPresent()).count();
    }
  }

  /**
   * It cannot be indexed.
   *
   * @param cause why
   */
  record Refuse(RuntimeException cause) implements VectorPlan {}
}

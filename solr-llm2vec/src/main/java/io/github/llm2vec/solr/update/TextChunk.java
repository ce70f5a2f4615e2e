/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.FloatList;
import java.util.Optional;

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

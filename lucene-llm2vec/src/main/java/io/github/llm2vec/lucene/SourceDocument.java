/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import java.util.Objects;
import org.apache.lucene.index.IndexableField;

/**
 * A document to be indexed.
 *
 * @param id what it is known by, not blank
 * @param title may be empty
 * @param text may be empty
 * @param fields further fields of the Lucene document, for example to filter by
 */
public record SourceDocument(String id, String title, String text, List<IndexableField> fields) {

  /** Rejects null and a blank id. */
  public SourceDocument {
    Objects.requireNonNull(title, "title");
    Objects.requireNonNull(text, "text");
    if (id.isBlank()) {
      throw new IllegalArgumentException(
          "a document needs an id, got '%s' for the one with the text %s"
              .formatted(id, EncodedVectors.quote(text)));
    }
    fields = List.copyOf(fields);
  }

  /** A document without further fields. */
  public SourceDocument(String id, String title, String text) {
    this(id, title, text, List.of());
  }

  /** What is encoded for a part of the text: the title, a space and the part. */
  String encoded(String part) {
    if (title.isBlank()) {
      return part;
    }
    return part.isBlank() ? title : title + " " + part;
  }
}

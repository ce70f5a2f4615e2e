/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.update.text.SourceValues;
import io.github.llm2vec.solr.update.vector.StoredVector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;

/** Reads the stored copies of vectors in documents that are not atomic updates. */
final class StoredVectors {

  private StoredVectors() {}

  /** The copy in a document itself. */
  static Optional<StoredVector> own(SolrInputDocument document, MappedField field) {
    return field
        .auxiliary()
        .copy()
        .flatMap(copy -> StoredVector.read(document.getFieldValue(copy)));
  }

  /** The copies in a document and in its passages. */
  static List<StoredVector> of(SolrInputDocument document, MappedField field) {
    List<StoredVector> copies = new ArrayList<>();
    own(document, field).ifPresent(copies::add);
    for (SolrInputDocument passage : passages(document, field)) {
      own(passage, field).ifPresent(copies::add);
    }
    return copies;
  }

  /** The nested documents that are passages of a field. */
  static List<SolrInputDocument> passages(SolrInputDocument document, MappedField field) {
    SolrInputField nested = document.getField(field.auxiliary().passages());
    Collection<Object> values = SourceValues.valuesOf(nested);
    return values.stream()
        .filter(SolrInputDocument.class::isInstance)
        .map(SolrInputDocument.class::cast)
        .toList();
  }
}

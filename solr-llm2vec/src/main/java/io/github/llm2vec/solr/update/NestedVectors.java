/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.FloatList;
import io.github.llm2vec.solr.update.vector.StoredVector;
import io.github.llm2vec.solr.update.vector.StoredVector.Origin;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;

/**
 * Vectors that clients give to nested documents of their own. No model makes these; but an atomic
 * update of the root has Solr write all of them anew, so that they need their copies as the root
 * needs its own.
 */
final class NestedVectors {

  private NestedVectors() {}

  /**
   * Writes copies beside the vectors of all nested documents.
   *
   * @param document as it was sent; the operations of an atomic update may hold nested documents
   * @throws IllegalArgumentException if one has a vector that the field cannot take
   */
  static void keep(SolrInputDocument document, MappedField field) {
    field
        .auxiliary()
        .copy()
        .ifPresent(copy -> visit(document, nested -> keep(nested, field, copy)));
  }

  private static void keep(SolrInputDocument nested, MappedField field, String copy) {
    if (nested.containsKey(field.name())) {
      StoredVector vector = field.ownVector(nested, TextHash.of(""));
      if (vector.values().isEmpty()) {
        nested.removeField(copy);
      } else {
        nested.setField(copy, vector.toBytes(field.mapping().target().precision()));
      }
    }
  }

  /** Brings back the vectors of all nested documents that have a copy but no vector. */
  static void restore(SolrInputDocument document, MappedField field) {
    visit(
        document,
        nested -> {
          Optional<StoredVector> copy = StoredVectors.own(nested, field);
          if (nested.getFieldValue(field.name()) == null
              && copy.isPresent()
              && copy.get().origin() != Origin.SKIPPED
              && copy.get().values().size() == field.field().dimensions()) {
            nested.setField(field.name(), copy.get().values());
          }
        });
  }

  private static void visit(SolrInputDocument document, Consumer<SolrInputDocument> visitor) {
    for (SolrInputField field : document) {
      visitValue(field.getValue(), visitor);
    }
    if (document.hasChildDocuments()) {
      visitValue(document.getChildDocuments(), visitor);
    }
  }

  private static void visitValue(Object value, Consumer<SolrInputDocument> visitor) {
    if (value instanceof SolrInputDocument nested) {
      visitor.accept(nested);
      visit(nested, visitor);
    } else if (value instanceof Map<?, ?> operations) {
      operations.values().forEach(part -> visitValue(part, visitor));
    } else if (value instanceof Collection<?> values && !(value instanceof FloatList)) {
      values.forEach(part -> visitValue(part, visitor));
    }
  }
}

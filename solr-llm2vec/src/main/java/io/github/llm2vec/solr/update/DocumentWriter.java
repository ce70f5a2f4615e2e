/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.schema.PassageFields;
import io.github.llm2vec.solr.update.VectorPlan.TextChunk;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.FloatList;
import io.github.llm2vec.solr.update.vector.StoredVector;
import io.github.llm2vec.solr.update.vector.StoredVector.Origin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.schema.SchemaField;
import org.jspecify.annotations.Nullable;

/**
 * Writes a vector field and what stands beside it into documents: as values or, into an atomic
 * update, as operations. One for each document.
 *
 * @param atomic whether operations are to be written
 * @param key the schema's unique key, null if it has none
 */
record DocumentWriter(
    SolrInputDocument document, boolean atomic, SchemaField key, MappedField field) {

  /** Writes the vectors of the pieces of the text, in their order; each has one. */
  void fill(VectorPlan.Fill plan, List<EncodingResult> results) {
    List<FloatList> vectors =
        results.stream().map(EncodingResult::orThrow).map(FloatList::new).toList();
    put(Optional.of(field.mapping().failures().errorField()), null);
    if (field.mapping().cutsPassages()) {
      put(Optional.of(field.name()), null);
      put(field.auxiliary().identity(), null);
      copy(StoredVector.without(Origin.PASSAGES, field.settings(), plan.text()));
      put(Optional.of(field.auxiliary().passages()), passages(plan.chunks(), vectors));
    } else {
      if (!atomic) {
        // Left from before, when this field had passages.
        document.removeField(field.auxiliary().passages());
      }
      vector(plan.text(), vectors.get(0));
    }
  }

  private void vector(TextHash text, FloatList vector) {
    put(Optional.of(field.name()), vector);
    put(field.auxiliary().identity(), field.identity().toTerm());
    copy(new StoredVector(Origin.MODEL, field.settings(), text, vector));
  }

  private List<SolrInputDocument> passages(List<TextChunk> chunks, List<FloatList> vectors) {
    String parent = String.valueOf(document.getFieldValue(key.getName()));
    List<SolrInputDocument> passages = new ArrayList<>(chunks.size());
    for (int i = 0; i < chunks.size(); i++) {
      SolrInputDocument passage = new SolrInputDocument();
      passage.setField(key.getName(), field.auxiliary().passageId(parent, i));
      passage.setField(PassageFields.PARENT, parent);
      passage.setField(PassageFields.NUMBER, i);
      passage.setField(PassageFields.START, chunks.get(i).range().start());
      passage.setField(PassageFields.END, chunks.get(i).range().end());
      new DocumentWriter(passage, false, key, field).vector(chunks.get(i).hash(), vectors.get(i));
      passages.add(passage);
    }
    return passages;
  }

  /** Notes the client's vector, which is in the document already. */
  void own(StoredVector vector) {
    copy(vector);
    if (atomic) {
      put(field.auxiliary().identity(), null);
    }
  }

  /** Takes everything away. */
  void clear() {
    put(Optional.of(field.name()), null);
    put(field.auxiliary().copy(), null);
    put(field.auxiliary().identity(), null);
    put(Optional.of(field.mapping().failures().errorField()), null);
    if (field.mapping().cutsPassages()) {
      put(Optional.of(field.auxiliary().passages()), null);
    }
  }

  /** Leaves the document without a vector and says why. */
  void skip(TextHash text, String reason) {
    clear();
    copy(StoredVector.without(Origin.SKIPPED, 0, text));
    put(Optional.of(field.mapping().failures().errorField()), reason);
  }

  private void copy(StoredVector copy) {
    put(field.auxiliary().copy(), copy.toBytes(field.mapping().target().precision()));
  }

  /** Writes a value; null, which is Solr's own way to say so, takes what is there away. */
  private void put(Optional<String> name, @Nullable Object value) {
    if (name.isEmpty() || name.get().isEmpty()) {
      return;
    }
    if (atomic) {
      document.setField(name.get(), Collections.singletonMap("set", value));
    } else if (value == null) {
      document.removeField(name.get());
    } else {
      document.setField(name.get(), value);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.schema.VectorField;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.solr.common.SolrDocumentBase;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.processor.AtomicUpdateDocumentMerger;

/**
 * Decides what an added document needs. Before documents are distributed an atomic update is seen
 * as the client sent it, without the rest of the document; where that is not enough to know the
 * text, the update is refused rather than leaving a vector that no longer fits its text.
 */
final class DocumentPlanner {

  private static final DocumentPlan FORWARD = new DocumentPlan.Forward();

  private final VectorMapping mapping;
  private final VectorField field;

  DocumentPlanner(VectorMapping mapping, VectorField field) {
    this.mapping = mapping;
    this.field = field;
  }

  /**
   * Decides about one document.
   *
   * @throws SolrException 400 for an atomic update after which the vector would be wrong or lost
   */
  DocumentPlan plan(AddUpdateCommand command) {
    SolrInputDocument document = command.getSolrInputDocument();
    if (document.getFieldValue(mapping.vectorField()) != null) {
      return FORWARD;
    }
    if (AtomicUpdateDocumentMerger.isAtomicUpdate(command)) {
      return planAtomic(command, document);
    }
    String text = mapping.source().render(name -> values(document.getField(name)));
    return text.isBlank() ? FORWARD : new DocumentPlan.Encode(text, false);
  }

  private DocumentPlan planAtomic(AddUpdateCommand command, SolrInputDocument document) {
    Set<String> sources = mapping.source().fields();
    List<String> touched = sources.stream().filter(document::containsKey).toList();
    if (touched.isEmpty()) {
      if (!field.stored()) {
        throw refused(
            command,
            "the vector would be lost, since field '%s' is not stored".formatted(field.name()));
      }
      return FORWARD;
    }
    if (touched.size() < sources.size()
        || !touched.stream().allMatch(name -> newValues(document.getField(name)).isPresent())) {
      throw refused(
          command,
          "it changes a part (%s) of what the vector in '%s' is made of (%s)"
              .formatted(String.join(", ", touched), field.name(), mapping.source()));
    }
    String text = mapping.source().render(name -> newValues(document.getField(name)).orElseThrow());
    return text.isBlank() ? new DocumentPlan.Clear() : new DocumentPlan.Encode(text, true);
  }

  private static SolrException refused(AddUpdateCommand command, String reason) {
    return new SolrException(
        ErrorCode.BAD_REQUEST,
        "The atomic update of document '%s' is refused: %s. Send the whole document, or 'set' every"
                .formatted(command.getPrintableId(), reason)
            + " field that the vector is made of.");
  }

  private static Collection<Object> values(SolrInputField field) {
    return field == null || field.getValue() == null ? List.of() : field.getValues();
  }

  /** What a field will hold after an atomic update, if the update alone decides that. */
  private static Optional<Collection<Object>> newValues(SolrInputField field) {
    if (!(field.getValue() instanceof Map<?, ?> operations)
        || field.getValue() instanceof SolrDocumentBase<?, ?>) {
      return Optional.of(values(field));
    }
    if (operations.size() != 1 || !operations.containsKey("set")) {
      return Optional.empty();
    }
    SolrInputField set = new SolrInputField(field.getName());
    set.setValue(operations.get("set"));
    return Optional.of(values(set));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.update.DocumentBuffer.BufferedAdd;
import io.github.llm2vec.solr.update.VectorPlan.TextChunk;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.FloatList;
import io.github.llm2vec.solr.update.vector.StoredVector.Origin;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.solr.common.SolrDocumentBase;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.update.processor.AtomicUpdateDocumentMerger;

/**
 * Decides what a document needs for one vector field, before documents are distributed. An atomic
 * update is seen there as the client sent it; what the rest of the document is, is known from a
 * look at it that may be out of date when the update is carried out. That is good enough only where
 * the consistency processor behind the distributed one looks again. Without it such an update is
 * refused: a vector that no longer fits its text is worse than an error.
 */
final class DocumentPlanner {

  private static final VectorPlan LEAVE = new VectorPlan.Leave();

  private final MappedField field;
  private final boolean rechecked;
  private final boolean reuse;
  private final SolrQueryRequest request;

  /**
   * @param rechecked whether the consistency processor looks at the document again
   * @param reuse whether vectors of unchanged texts are looked for
   */
  DocumentPlanner(MappedField field, boolean rechecked, boolean reuse, SolrQueryRequest request) {
    this.field = field;
    this.rechecked = rechecked && field.auxiliary().copy().isPresent();
    this.reuse = reuse && field.auxiliary().copy().isPresent();
    this.request = request;
  }

  /** Whether the plan may depend on the document as it is. */
  boolean wantsOld(BufferedAdd add) {
    if (add.id().isEmpty() || add.isOfNestedDocument()) {
      return false;
    }
    if (add.atomic()) {
      return rechecked
          && (touchesSource(add.document()) || add.document().containsKey(field.name()));
    }
    return reuse && !brings(add.document()) && hasText(add);
  }

  /** Whether the plan needs an open model. */
  boolean wantsModel(BufferedAdd add) {
    return !add.isOfNestedDocument()
        && !add.document().containsKey(field.name())
        && (add.atomic() ? touchesSource(add.document()) : hasText(add));
  }

  private boolean hasText(BufferedAdd add) {
    try {
      return !field.textOf(add.document()).isEmpty();
    } catch (RuntimeException e) {
      // A value that its field cannot have: the plan is going to say so.
      return true;
    }
  }

  /** Decides about one document; its old self is looked at only if {@link #wantsOld} says so. */
  VectorPlan plan(BufferedAdd add, Optional<SolrInputDocument> old) {
    try {
      return decide(add, old);
    } catch (RuntimeException e) {
      // An operation that cannot be carried out, for example: it is this document's failure alone.
      return new VectorPlan.Refuse(e);
    }
  }

  private VectorPlan decide(BufferedAdd add, Optional<SolrInputDocument> old) {
    SolrInputDocument document = add.document();
    NestedVectors.keep(document, field);
    if (add.isOfNestedDocument()) {
      return document.containsKey(field.name())
          ? new VectorPlan.Own(field.ownVector(document, TextHash.of("")))
          : LEAVE;
    }
    field.values().fixMoment(document, add.atomic());
    if (!add.atomic()) {
      return brings(document)
          ? own(document, field.values().of(document))
          : fill(field.values().of(document), copies(document, old));
    }
    if (document.containsKey(field.name())) {
      return own(document, merged(document, old));
    }
    if (!touchesSource(document)) {
      return rechecked || field.field().stored()
          ? LEAVE
          : refuse(add, "the vector would be lost, since field '%s' is not stored");
    }
    if (!rechecked && !setsEverySource(document)) {
      return refuse(add, "it changes a part of what the vector in '%s' is made of");
    }
    Function<String, Collection<Object>> values = merged(document, old);
    return rechecked && keepsOwn(values, old) ? LEAVE : fillAtomic(values, copies(document, old));
  }

  /** Whether the text stays the one for which the client gave a vector, or took it away. */
  private boolean keepsOwn(
      Function<String, Collection<Object>> values, Optional<SolrInputDocument> old) {
    TextHash text = TextHash.of(field.text(values));
    return old.flatMap(before -> StoredVectors.own(before, field))
        .filter(copy -> copy.origin() == Origin.CLIENT && copy.text().equals(text))
        .isPresent();
  }

  private VectorPlan fillAtomic(
      Function<String, Collection<Object>> values, Map<TextHash, FloatList> known) {
    return field.text(values).isEmpty() ? new VectorPlan.Clear() : fill(values, known);
  }

  private VectorPlan fill(
      Function<String, Collection<Object>> values, Map<TextHash, FloatList> known) {
    String text = field.text(values);
    if (text.isEmpty()) {
      return LEAVE;
    }
    List<TextChunk> chunks =
        field.chunks(values).stream()
            .map(chunk -> chunk.knownAs(Optional.ofNullable(known.get(chunk.hash()))))
            .toList();
    return new VectorPlan.Fill(TextHash.of(text), chunks);
  }

  private VectorPlan refuse(BufferedAdd add, String reason) {
    return new VectorPlan.Refuse(
        SolrErrors.badRequest(
            "The atomic update of document '%s' is refused: %s. Send the whole document, or put"
                    .formatted(add.command().getPrintableId(), reason.formatted(field.name()))
                + " Llm2VecGuardUpdateProcessorFactory behind the distributed processor and a field"
                + " '%s_copy' into the schema".formatted(field.name())));
  }

  private boolean brings(SolrInputDocument document) {
    return document.getFieldValue(field.name()) != null;
  }

  private boolean touchesSource(SolrInputDocument document) {
    return field.mapping().source().fields().stream().anyMatch(document::containsKey);
  }

  private boolean setsEverySource(SolrInputDocument document) {
    return field.mapping().source().fields().stream()
        .allMatch(name -> document.containsKey(name) && sets(document.getField(name)));
  }

  private static boolean sets(SolrInputField sent) {
    return !(sent.getValue() instanceof Map<?, ?> operations)
        || operations instanceof SolrDocumentBase<?, ?>
        || operations.keySet().equals(Set.of("set"));
  }

  /** The client's vector, and of which text it is: a change of that text brings the model's. */
  private VectorPlan own(SolrInputDocument document, Function<String, Collection<Object>> values) {
    return new VectorPlan.Own(field.ownVector(document, TextHash.of(field.text(values))));
  }

  /** The values that source fields are going to have. */
  private Function<String, Collection<Object>> merged(
      SolrInputDocument document, Optional<SolrInputDocument> old) {
    String key = request.getSchema().getUniqueKeyField().getName();
    SolrInputDocument sent = new SolrInputDocument();
    SolrInputDocument whole = new SolrInputDocument();
    sent.setField(key, document.getFieldValue(key));
    whole.setField(key, document.getFieldValue(key));
    for (String source : field.mapping().source().fields()) {
      old.map(before -> before.getField(source))
          .ifPresent(before -> whole.setField(source, before.getValue()));
      if (document.containsKey(source)) {
        sent.put(source, document.getField(source).deepCopy());
      }
    }
    return field.values().of(new AtomicUpdateDocumentMerger(request).merge(sent, whole));
  }

  /** Vectors that this model has made already, by what they were made of. */
  private Map<TextHash, FloatList> copies(
      SolrInputDocument document, Optional<SolrInputDocument> old) {
    Map<TextHash, FloatList> known = new HashMap<>();
    if (reuse) {
      long settings = field.settings();
      StoredVectors.of(document, field).forEach(copy -> copy.ifMadeBy(settings, known::put));
      old.ifPresent(
          before ->
              StoredVectors.of(before, field).forEach(copy -> copy.ifMadeBy(settings, known::put)));
    }
    return known;
  }
}

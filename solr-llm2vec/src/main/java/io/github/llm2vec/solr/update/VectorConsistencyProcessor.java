/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.schema.PassageFields;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor.BufferLimits;
import io.github.llm2vec.solr.update.FailurePolicy.OnError;
import io.github.llm2vec.solr.update.identity.ClaimingUpdateProcessor;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.StoredVector;
import io.github.llm2vec.solr.update.vector.StoredVector.Origin;
import io.github.llm2vec.solr.update.vector.VectorRedaction;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.processor.UpdateRequestProcessor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks behind the distributed processor that the vector of a document belongs to its text, and
 * restores or encodes it if not. There an atomic update has become the whole document, on the
 * leader and on every replica. Mostly that is a comparison of hashes, without a model:
 *
 * <ul>
 *   <li>the text is the one that the stored copy was made of: the vector is there, or it is
 *       restored from the copy;
 *   <li>the text is another one, because the document was changed by somebody else between the look
 *       that the encoding processor had and the update: it is encoded here, alone;
 *   <li>there is no text any more: the vector goes.
 * </ul>
 *
 * Nested documents get the vectors back that their client gave them.
 *
 * <p>Updates in place have no more than a few numbers in them and pass. No document passes with a
 * text and without its vector, unless it was to be skipped.
 */
public final class VectorConsistencyProcessor extends ClaimingUpdateProcessor {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  private final List<MappedField> fields;
  private final BufferLimits limits;

  /** A processor for one request. */
  public VectorConsistencyProcessor(
      List<MappedField> fields,
      BufferLimits limits,
      SolrQueryRequest request,
      UpdateRequestProcessor next) {
    super(request, next);
    this.fields = List.copyOf(fields);
    this.limits = limits;
  }

  @Override
  public void processAdd(AddUpdateCommand command) throws IOException {
    if (!command.isInPlaceUpdate()) {
      for (MappedField field : fields) {
        check(command, field);
      }
    }
    try {
      super.processAdd(command);
    } catch (SolrException e) {
      throw VectorRedaction.of(e);
    }
  }

  private void check(AddUpdateCommand command, MappedField field) {
    SolrInputDocument document = command.getSolrInputDocument();
    leaveOutPassagesOfOthers(document, key(command), field);
    NestedVectors.restore(document, field);
    String text = field.textOf(document);
    TextHash hash = TextHash.of(text);
    Optional<StoredVector> copy =
        StoredVectors.own(document, field).filter(stored -> stored.text().equals(hash));
    if (copy.isPresent() && restored(document, copy.get(), field)) {
      return;
    }
    if (text.isEmpty()) {
      if (StoredVectors.own(document, field).isPresent()) {
        writer(command, field).clear();
      }
      return;
    }
    LOG.debug(
        "Encoding document {} for field {} once more", command.getPrintableId(), field.name());
    encode(command, field);
  }

  /**
   * Solr takes what lies before a document in the index for its nested documents: also passages
   * whose own document is gone, if something removed it without them. Written with this document
   * they would count as its own from now on.
   */
  private static void leaveOutPassagesOfOthers(
      SolrInputDocument document, SchemaField key, MappedField field) {
    List<SolrInputDocument> passages = StoredVectors.passages(document, field);
    String id = String.valueOf(document.getFieldValue(key.getName()));
    List<SolrInputDocument> own =
        passages.stream()
            .filter(
                passage -> id.equals(String.valueOf(passage.getFieldValue(PassageFields.PARENT))))
            .toList();
    if (own.size() < passages.size()) {
      document.removeField(field.auxiliary().passages());
      if (!own.isEmpty()) {
        document.setField(field.auxiliary().passages(), own);
      }
    }
  }

  /** Brings back what the copies hold; false if anything is missing. */
  private static boolean restored(
      SolrInputDocument document, StoredVector copy, MappedField field) {
    if (copy.origin() == Origin.PASSAGES) {
      return field.mapping().cutsPassages() && passagesRestored(document, field);
    }
    if (field.mapping().cutsPassages() && copy.origin() == Origin.MODEL) {
      return false;
    }
    restore(document, copy, field);
    return true;
  }

  private static boolean passagesRestored(SolrInputDocument document, MappedField field) {
    List<SolrInputDocument> passages = StoredVectors.passages(document, field);
    List<StoredVector> copies = new ArrayList<>(passages.size());
    for (SolrInputDocument passage : passages) {
      StoredVectors.own(passage, field).ifPresent(copies::add);
    }
    if (copies.isEmpty() || copies.size() < passages.size()) {
      return false;
    }
    for (int i = 0; i < copies.size(); i++) {
      restore(passages.get(i), copies.get(i), field);
    }
    return true;
  }

  private static void restore(SolrInputDocument document, StoredVector copy, MappedField field) {
    if (!copy.values().isEmpty() && document.getFieldValue(field.name()) == null) {
      field.field().checkKept(copy.values().size());
      document.setField(field.name(), copy.values());
    }
  }

  private void encode(AddUpdateCommand command, MappedField field) {
    SolrInputDocument document = command.getSolrInputDocument();
    field.awaitReady(limits.patience());
    claims.claimForwarded(
        field.name(),
        field.identity(),
        field.encodedOn(command.getReq().getCore()),
        field.mapping().target().allowModelChange());
    VectorPlan.Fill plan =
        new VectorPlan.Fill(
            TextHash.of(field.textOf(document)), field.chunks(field.values().of(document)));
    List<EncodingResult> results = ChunkEncoder.of(field).encode(List.of(plan)).get(0);
    Optional<RuntimeException> failure = ChunkEncoder.failure(results);
    if (failure.isEmpty()) {
      writer(command, field).fill(plan, results);
    } else if (field.mapping().failures().onError() == OnError.SKIP) {
      writer(command, field).skip(plan.text(), RejectedDocuments.describe(failure.get()));
    } else {
      RejectedDocuments rejected = new RejectedDocuments();
      rejected.addUnencoded(command.getPrintableId(), field.name(), failure.get());
      throw rejected.exception(1);
    }
  }

  private static DocumentWriter writer(AddUpdateCommand command, MappedField field) {
    return new DocumentWriter(command.getSolrInputDocument(), false, key(command), field);
  }

  private static SchemaField key(AddUpdateCommand command) {
    SchemaField key = command.getReq().getSchema().getUniqueKeyField();
    if (key == null) {
      throw SolrErrors.serverError("updates of documents need a schema with a uniqueKey");
    }
    return key;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.update.DocumentBuffer.BufferedAdd;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor.BufferLimits;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor.UpdateSettings;
import io.github.llm2vec.solr.update.FailurePolicy.OnError;
import io.github.llm2vec.solr.update.identity.IdentityClaims;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.request.SolrQueryRequest;

/**
 * Gives the documents of one request their vectors in one field: plans, claims the model, encodes
 * and writes. Not thread-safe.
 */
final class FieldVectorizer {

  private final MappedField field;
  private final DocumentPlanner planner;
  private final ChunkEncoder encoder;
  private final SolrQueryRequest request;
  private final BufferLimits limits;
  private final UpdateReport report;
  private final IdentityClaims claims;

  FieldVectorizer(
      MappedField field,
      UpdateSettings settings,
      SolrQueryRequest request,
      UpdateReport report,
      IdentityClaims claims) {
    this.field = field;
    this.planner = new DocumentPlanner(field, settings.rechecked(), settings.reuse(), request);
    this.encoder = ChunkEncoder.of(field);
    this.request = request;
    this.limits = settings.limits();
    this.report = report;
    this.claims = claims;
  }

  /** Decides about documents. */
  DocumentPlanner planner() {
    return planner;
  }

  MappedField field() {
    return field;
  }

  /**
   * Brings the vectors of some documents into them.
   *
   * @param adds the documents; those that turn out to be refused are taken out
   * @param old what these documents were, by id
   * @param rejected gets those that are refused
   * @throws SolrException if no document could be encoded, whatever its text
   */
  void complete(
      List<BufferedAdd> adds, Map<String, SolrInputDocument> old, RejectedDocuments rejected) {
    if (adds.stream().anyMatch(planner::wantsModel)) {
      field.awaitReady(limits.patience());
      claims.claim(
          field.name(), field.identity(), field.encodedOn(request.getCore()), changesModel());
    }
    List<VectorPlan> plans = new ArrayList<>(adds.size());
    for (BufferedAdd add : adds) {
      plans.add(planner.plan(add, Optional.ofNullable(old.get(add.id()))));
    }
    Iterator<List<EncodingResult>> results = encoder.encode(fills(plans)).iterator();
    Iterator<VectorPlan> each = plans.iterator();
    adds.removeIf(add -> !carryOut(each.next(), add, results, rejected));
  }

  boolean changesModel() {
    return field.mapping().target().allowModelChange();
  }

  /** Also the client may say what its vectors were made with: a copy of another index does. */
  void claimWhatIsWritten(SolrInputDocument document) {
    for (FieldIdentity identity : IdentityClaims.of(document, field.auxiliary())) {
      claims.claimWritten(field.name(), identity, changesModel());
    }
  }

  private static List<VectorPlan.Fill> fills(List<VectorPlan> plans) {
    return plans.stream()
        .filter(VectorPlan.Fill.class::isInstance)
        .map(VectorPlan.Fill.class::cast)
        .toList();
  }

  private boolean carryOut(
      VectorPlan plan,
      BufferedAdd add,
      Iterator<List<EncodingResult>> results,
      RejectedDocuments rejected) {
    if (plan instanceof VectorPlan.Refuse refuse) {
      rejected.addUnencoded(id(add), field.name(), refuse.cause());
      return false;
    }
    DocumentWriter writer =
        new DocumentWriter(
            add.document(), add.atomic(), request.getSchema().getUniqueKeyField(), field);
    if (plan instanceof VectorPlan.Fill fill) {
      return carryOut(fill, add, results.next(), new Writing(writer, rejected));
    }
    if (plan instanceof VectorPlan.Clear) {
      writer.clear();
    } else if (plan instanceof VectorPlan.Own own) {
      writer.own(own.copy());
    }
    report.countForwarded(field);
    return true;
  }

  private record Writing(DocumentWriter writer, RejectedDocuments rejected) {}

  private boolean carryOut(
      VectorPlan.Fill plan, BufferedAdd add, List<EncodingResult> results, Writing writing) {
    Optional<RuntimeException> failure = ChunkEncoder.failure(results);
    if (failure.isEmpty()) {
      writing.writer.fill(plan, results);
      int reused = plan.reused();
      report.countFilled(field, results.size() - reused, reused);
      return true;
    }
    RuntimeException cause = failure.get();
    if (field.mapping().failures().onError() != OnError.SKIP) {
      writing.rejected.addUnencoded(id(add), field.name(), cause);
      return false;
    }
    writing.writer.skip(plan.text(), RejectedDocuments.describe(cause));
    report.countSkipped(field, id(add));
    return true;
  }

  private static String id(BufferedAdd add) {
    return add.command().getPrintableId();
  }
}

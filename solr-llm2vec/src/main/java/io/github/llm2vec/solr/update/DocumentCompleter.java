/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.Collections;
import java.util.Iterator;
import org.apache.solr.common.SolrInputDocument;

/** Writes what came of the texts into the documents: vectors, or why there is none. */
final class DocumentCompleter {

  private static final String SET = "set";

  private final VectorMapping mapping;
  private final UpdateReport report;

  DocumentCompleter(VectorMapping mapping, UpdateReport report) {
    this.mapping = mapping;
    this.report = report;
  }

  /**
   * Does what the plan of a document says.
   *
   * @param outcomes gives the next one for every document whose text was encoded
   * @param refusals gets the document if it is refused
   * @return whether the document may go on
   */
  boolean complete(BufferedAdd add, Iterator<Outcome> outcomes, Refusals refusals) {
    SolrInputDocument document = add.command().getSolrInputDocument();
    if (add.plan() instanceof DocumentPlan.Encode encode) {
      Outcome outcome = outcomes.next();
      if (outcome instanceof Outcome.Failed failed) {
        return completeWithout(add, encode.atomic(), failed.cause(), refusals);
      }
      setVector(document, encode.atomic(), ((Outcome.Encoded) outcome).vector());
      report.countEncoded();
      return true;
    }
    if (add.plan() instanceof DocumentPlan.Clear) {
      clear(document, mapping.vectorField());
      clear(document, mapping.errorField());
    }
    report.countForwarded();
    return true;
  }

  private void setVector(SolrInputDocument document, boolean atomic, FloatList vector) {
    if (atomic) {
      document.setField(mapping.vectorField(), Collections.singletonMap(SET, vector));
      clear(document, mapping.errorField());
    } else {
      document.setField(mapping.vectorField(), vector);
    }
  }

  private boolean completeWithout(
      BufferedAdd add, boolean atomic, RuntimeException cause, Refusals refusals) {
    String id = add.command().getPrintableId();
    if (mapping.onError() == OnError.FAIL) {
      refusals.add(id, cause);
      return false;
    }
    report.countSkipped(id);
    SolrInputDocument document = add.command().getSolrInputDocument();
    String reason = Refusals.describe(cause);
    if (atomic) {
      // The vector that is there belongs to the old text.
      clear(document, mapping.vectorField());
    }
    if (!mapping.errorField().isEmpty()) {
      document.setField(
          mapping.errorField(), atomic ? Collections.singletonMap(SET, reason) : reason);
    }
    return true;
  }

  /** Adds the operation that takes a field away. */
  private static void clear(SolrInputDocument document, String field) {
    if (!field.isEmpty()) {
      document.setField(field, Collections.singletonMap(SET, null));
    }
  }
}

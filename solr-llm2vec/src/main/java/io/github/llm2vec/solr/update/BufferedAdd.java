/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.processor.AtomicUpdateDocumentMerger;

/**
 * An add command in the buffer, whose document waits for its vectors.
 *
 * @param command a copy that is the buffer's own: loaders use one command for many documents
 * @param id of the document, "" if it has none
 * @param atomic whether it is an atomic update as the client sent it
 */
record BufferedAdd(AddUpdateCommand command, String id, boolean atomic) {

  static BufferedAdd of(AddUpdateCommand command) {
    // A document without an id, where there must be one, fails here: at its own turn.
    String id = command.getIndexedIdStr();
    return new BufferedAdd(
        (AddUpdateCommand) command.clone(),
        id == null ? "" : id,
        AtomicUpdateDocumentMerger.isAtomicUpdate(command));
  }

  SolrInputDocument document() {
    return command.getSolrInputDocument();
  }

  /** Whether it is an atomic update of a nested document, which stands for its root. */
  boolean isOfNestedDocument() {
    return !id.isEmpty() && !id.equals(command.getSelfOrNestedDocIdStr());
  }
}

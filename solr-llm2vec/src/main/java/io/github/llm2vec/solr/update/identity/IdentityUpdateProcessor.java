/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.identity;

import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.FieldIdentity;
import java.io.IOException;
import java.util.List;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.MergeIndexesCommand;
import org.apache.solr.update.processor.DistributedUpdateProcessor;
import org.apache.solr.update.processor.DistributedUpdateProcessor.DistribPhase;
import org.apache.solr.update.processor.DistributingUpdateProcessorFactory;
import org.apache.solr.update.processor.UpdateRequestProcessor;

/**
 * Checks the model of vectors that come from another node: a leader refuses those of a model that
 * its collection does not have, and a replica notes what its leader took. Log replay and recovery
 * come this way as well and bring what was decided before.
 */
public final class IdentityUpdateProcessor extends ClaimingUpdateProcessor {

  private final List<Watched> fields;
  private final boolean leading;
  private final String sender;

  /**
   * A vector field.
   *
   * @param auxiliary what stands beside it
   * @param changing whether its mapping lets vectors of several models stand beside each other
   */
  public record Watched(AuxiliaryFields auxiliary, boolean changing) {}

  /** A processor for one request. */
  public IdentityUpdateProcessor(
      List<Watched> fields, SolrQueryRequest request, UpdateRequestProcessor next) {
    super(request, next);
    this.fields = List.copyOf(fields);
    this.leading = phase(request) == DistribPhase.TOLEADER;
    this.sender = nodeName(request.getParams().get(DistributedUpdateProcessor.DISTRIB_FROM, ""));
  }

  /** Whether a request comes from another node of the cluster, or from the log. */
  public static boolean isForwarded(SolrQueryRequest request) {
    return phase(request) != DistribPhase.NONE;
  }

  /** The name of the node of a core whose address is {@code http://HOST:PORT/solr/CORE/}. */
  private static String nodeName(String core) {
    int host = core.indexOf("://") + 3;
    int end = core.lastIndexOf('/', core.length() - 2);
    return end < host ? "unknown" : core.substring(host, end).replace('/', '_');
  }

  private static DistribPhase phase(SolrQueryRequest request) {
    return DistribPhase.parseParam(
        request.getParams().get(DistributingUpdateProcessorFactory.DISTRIB_UPDATE_PARAM));
  }

  /**
   * {@inheritDoc}
   *
   * @throws SolrException 409 if the collection has vectors of another model
   */
  @Override
  public void processAdd(AddUpdateCommand command) throws IOException {
    SolrInputDocument document = command.getSolrInputDocument();
    for (Watched field : fields) {
      String name = field.auxiliary().vectorField();
      for (FieldIdentity identity : IdentityClaims.of(document, field.auxiliary())) {
        if (leading) {
          claims.claimForwarded(name, identity, sender, field.changing());
        } else {
          claims.note(name, identity);
        }
      }
    }
    super.processAdd(command);
  }

  @Override
  public void processMergeIndexes(MergeIndexesCommand command) throws IOException {
    for (Watched field : fields) {
      claims.claimMerged(command, field.auxiliary(), field.changing());
    }
    super.processMergeIndexes(command);
  }
}

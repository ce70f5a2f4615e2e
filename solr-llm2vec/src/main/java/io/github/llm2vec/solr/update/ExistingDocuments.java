/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.update.DocumentBuffer.BufferedAdd;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.lucene.util.BytesRef;
import org.apache.solr.cloud.CloudDescriptor;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrDocumentList;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.cloud.DocCollection;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.core.SolrCore;
import org.apache.solr.handler.component.RealTimeGetComponent;
import org.apache.solr.handler.component.RealTimeGetComponent.Resolution;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.request.SolrQueryRequestBase;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.schema.IndexSchema;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks up existing documents by Solr's real-time get, which knows uncommitted ones too: in this
 * core if it is the leader for the document, or the only one there is; the others by one request to
 * each shard.
 */
final class ExistingDocuments {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  private static final String HANDLER = "/get";

  private final SolrQueryRequest request;
  private final SolrCore core;
  private final IndexSchema schema;

  /** Looks into the collection that an update request goes to. */
  ExistingDocuments(SolrQueryRequest request) {
    this.request = request;
    this.core = request.getCore();
    this.schema = request.getSchema();
  }

  /**
   * Looks documents up.
   *
   * @param adds whose documents are wanted; all have ids
   * @param fields that are wanted; more may come
   * @param nested whether nested documents are wanted too
   * @return documents by id, the caller's own; those that are not there are missing
   */
  Map<String, SolrInputDocument> find(List<BufferedAdd> adds, Set<String> fields, boolean nested)
      throws IOException {
    Map<String, SolrInputDocument> found = new HashMap<>();
    Map<String, List<BufferedAdd>> elsewhere = new TreeMap<>();
    for (BufferedAdd add : adds) {
      Optional<String> shard = otherShard(add);
      if (shard.isPresent()) {
        elsewhere.computeIfAbsent(shard.get(), name -> new ArrayList<>()).add(add);
        continue;
      }
      SolrInputDocument here = here(add, fields, nested);
      if (here != null) {
        found.put(add.id(), here);
      }
    }
    for (Map.Entry<String, List<BufferedAdd>> shard : elsewhere.entrySet()) {
      findElsewhere(shard.getKey(), shard.getValue(), fields, nested, found);
    }
    return found;
  }

  private @Nullable SolrInputDocument here(BufferedAdd add, Set<String> fields, boolean nested)
      throws IOException {
    BytesRef id = schema.indexableUniqueKey(add.id());
    // With nested documents all fields: Solr takes a nested document's name for that of a field.
    SolrInputDocument document =
        nested
            ? RealTimeGetComponent.getInputDocument(
                core, id, id, null, null, Resolution.ROOT_WITH_CHILDREN)
            : RealTimeGetComponent.getInputDocument(core, id, id, null, fields, Resolution.DOC);
    return document == null ? null : document.deepCopy();
  }

  /**
   * The shard that the document goes to, unless this core leads it. The router has been told all
   * that it goes by: a field of the document or a parameter of the request as well as the id, from
   * which alone real-time get would guess.
   */
  private Optional<String> otherShard(BufferedAdd add) {
    CloudDescriptor cloud = core.getCoreDescriptor().getCloudDescriptor();
    if (cloud == null) {
      return Optional.empty();
    }
    DocCollection collection =
        core.getCoreContainer()
            .getZkController()
            .getClusterState()
            .getCollection(cloud.getCollectionName());
    Slice slice;
    try {
      // As the distributed processor is going to ask.
      slice =
          collection
              .getRouter()
              .getTargetSlice(add.id(), add.document(), null, request.getParams(), collection);
    } catch (SolrException e) {
      // The document goes nowhere, which that processor is going to say, at the document's turn.
      return Optional.empty();
    }
    if (slice == null) {
      // The router leaves it to the client where documents go: it goes to the shard of this core.
      slice = collection.getSlice(cloud.getShardId());
    }
    boolean here =
        slice == null
            || (slice.getLeader() != null
                && slice.getLeader().getName().equals(cloud.getCoreNodeName()));
    return here ? Optional.empty() : Optional.of(slice.getName());
  }

  private void findElsewhere(
      String shard,
      List<BufferedAdd> adds,
      Set<String> fields,
      boolean nested,
      Map<String, SolrInputDocument> found) {
    SolrQueryResponse response = get(shard, adds, fields, nested);
    if (response.getException() != null) {
      String failure =
          "documents that are to be updated cannot be looked up: "
              + response.getException().getMessage();
      if (adds.stream().anyMatch(BufferedAdd::atomic)) {
        throw SolrErrors.serverError(failure, response.getException());
      }
      // Whole documents were only to be spared the encoder.
      LOG.warn("{}", failure);
    }
    String key = schema.getUniqueKeyField().getName();
    if (response.getResponse() instanceof SolrDocumentList documents) {
      for (SolrDocument document : documents) {
        found.put(String.valueOf(document.getFirstValue(key)), input(document));
      }
    }
  }

  private SolrQueryResponse get(
      String shard, List<BufferedAdd> adds, Set<String> fields, boolean nested) {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(ShardParams.SHARDS, shard);
    // Also where this core is a replica of the shard: what comes from elsewhere comes as values.
    params.set("shortCircuit", false);
    // The separator of ids: one within an id is escaped.
    params.set(
        "ids",
        adds.stream().map(add -> add.id().replace(",", "\\,")).collect(Collectors.joining(",")));
    String key = schema.getUniqueKeyField().getName();
    params.set(
        CommonParams.FL, nested ? "*,[child limit=-1]" : key + "," + String.join(",", fields));
    SolrQueryResponse response = new SolrQueryResponse();
    try (SolrQueryRequest get = new SolrQueryRequestBase(core, params) {}) {
      core.execute(core.getRequestHandler(HANDLER), get, response);
    }
    return response;
  }

  private static SolrInputDocument input(SolrDocument document) {
    SolrInputDocument input = new SolrInputDocument();
    for (Map.Entry<String, Object> field : document) {
      Object value = field.getValue();
      input.setField(
          field.getKey(),
          value instanceof Collection<?> values
              ? new ArrayList<>(values.stream().map(ExistingDocuments::inputValue).toList())
              : inputValue(value));
    }
    return input;
  }

  private static Object inputValue(Object value) {
    return value instanceof SolrDocument nested ? input(nested) : value;
  }
}

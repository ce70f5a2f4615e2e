/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.util.Optional;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.embedded.EmbeddedSolrServer;
import org.apache.solr.client.solrj.request.QueryRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.core.CoreContainer;
import org.jspecify.annotations.Nullable;

/**
 * Asks a collection from within one of its nodes. In SolrCloud requests go over HTTP by the node's
 * own clients, which sign for the node; elsewhere they stay in the process.
 */
final class NodeClient extends SolrClient {

  private static final long serialVersionUID = 1;

  private final transient CoreContainer container;
  private final transient Optional<String> shard;

  /**
   * Asks from a node.
   *
   * @param shard that is searched, and whose leader gets updates, so that it encodes them; empty
   *     for the whole collection, whose updates this node encodes
   */
  NodeClient(CoreContainer container, Optional<String> shard) {
    this.container = container;
    this.shard = shard;
  }

  @Override
  public NamedList<Object> request(SolrRequest<?> request, @Nullable String collection)
      throws SolrServerException, IOException {
    if (!container.isZooKeeperAware()) {
      // Not closed, since that would end the node.
      return new EmbeddedSolrServer(container, null).request(request, collection);
    }
    SolrRequest<?> restricted = restricted(request);
    return request instanceof UpdateRequest
        ? container
            .getUpdateShardHandler()
            .getUpdateOnlyHttpClient()
            .requestWithBaseUrl(
                encodingNode(collection), client -> client.request(restricted, collection))
        : container
            .getDefaultHttpSolrClient()
            .requestWithBaseUrl(ownUrl(), client -> client.request(restricted, collection));
  }

  private SolrRequest<?> restricted(SolrRequest<?> request) {
    if (shard.isEmpty() || !(request instanceof QueryRequest)) {
      return request;
    }
    ModifiableSolrParams params = new ModifiableSolrParams(request.getParams());
    params.set(ShardParams.SHARDS, shard.get());
    return new QueryRequest(params, request.getMethod());
  }

  /** The node of the shard's leader, which may be another one each time. */
  private String encodingNode(@Nullable String collection) {
    Replica leader =
        shard.isEmpty() || collection == null
            ? null
            : container
                .getZkController()
                .getZkStateReader()
                .getClusterState()
                .getCollection(collection)
                .getLeader(shard.get());
    return leader == null ? ownUrl() : leader.getBaseUrl();
  }

  private String ownUrl() {
    return container.getZkController().getBaseUrl();
  }

  @Override
  public void close() {
    // The clients belong to the node.
  }
}

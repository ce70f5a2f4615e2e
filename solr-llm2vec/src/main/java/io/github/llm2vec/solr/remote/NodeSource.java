/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.util.Set;
import java.util.stream.Collectors;
import org.apache.solr.cloud.ZkController;
import org.apache.solr.core.CoreContainer;

/** The nodes that may serve a model, as they are at the moment. */
@FunctionalInterface
interface NodeSource {

  /** All of them but this one. */
  Set<NodeAddress> nodes();

  /**
   * The nodes that a declaration means. Nodes of a cluster are called under the addresses by which
   * they are alive, so that nothing but a member can be called.
   *
   * @throws IllegalArgumentException if this kind of Solr has no such nodes
   */
  static NodeSource of(EncoderNodes nodes, CoreContainer container) {
    if (nodes instanceof EncoderNodes.Listed listed) {
      if (container.isZooKeeperAware()) {
        throw new IllegalArgumentException(
            "encoder nodes are listed by address, but this Solr runs in a cluster, which knows its"
                + " nodes: declare \"encoder_nodes\": \"cluster\"");
      }
      Set<NodeAddress> addresses =
          listed.urls().stream()
              .map(url -> new NodeAddress(url, url))
              .collect(Collectors.toUnmodifiableSet());
      return () -> addresses;
    }
    if (!container.isZooKeeperAware()) {
      throw new IllegalArgumentException(
          "this Solr runs without ZooKeeper and knows of no cluster: list the addresses of the"
              + " encoder nodes, as in \"encoder_nodes\": [\"http://gpu1:8983/solr\"]");
    }
    ZkController cluster = container.getZkController();
    return () ->
        cluster.getZkStateReader().getClusterState().getLiveNodes().stream()
            .filter(name -> !name.equals(cluster.getNodeName()))
            .map(
                name ->
                    new NodeAddress(name, cluster.getZkStateReader().getBaseUrlForNodeName(name)))
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Address of a Solr node.
   *
   * @param name in SolrCloud that of the live node, elsewhere the address
   * @param url ending in {@code /solr}
   */
  record NodeAddress(String name, String url) {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.solr.remote.NodeSource.NodeAddress;
import java.io.IOException;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.ExecutorUtil;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.core.CoreContainer;

/**
 * Calls nodes by Solr's own clients, over HTTP and in javabin. They sign as this node and not as
 * the user whose request it is about: calls run on threads that know no request, and in a cluster
 * with authentication the other node trusts its fellow.
 */
final class HttpTransport implements NodeTransport {

  private final CoreContainer container;

  HttpTransport(CoreContainer container) {
    this.container = container;
  }

  @Override
  public NodeReply call(NodeAddress node, NodeCall call) throws NodeFailedException {
    // By this Solr tells its own threads, which may sign for the node, from those of others.
    ExecutorUtil.setServerThreadFlag(true);
    GenericSolrRequest request =
        new GenericSolrRequest(
                SolrRequest.METHOD.POST, EncodeHandler.PATH, new ModifiableSolrParams())
            .withContent(call.toBytes(), EncodeHandler.CONTENT_TYPE);
    try {
      Object reply = send(node, call, request).get(EncodeHandler.REPLY);
      if (reply == null) {
        throw new IllegalArgumentException("the answer has no reply in it");
      }
      return NodeReply.of(reply, node.name());
    } catch (IOException | SolrServerException | RuntimeException e) {
      String message = e.getMessage() == null ? e.getClass().getName() : e.getMessage();
      throw new NodeFailedException(message, e);
    } finally {
      ExecutorUtil.setServerThreadFlag(false);
    }
  }

  /** Documents may be on their way for minutes, as updates may; all else is as short as queries. */
  private NamedList<Object> send(NodeAddress node, NodeCall call, GenericSolrRequest request)
      throws IOException, SolrServerException {
    return call instanceof NodeCall.Encode encode && encode.prompt().role() == Role.DOCUMENT
        ? container
            .getUpdateShardHandler()
            .getUpdateOnlyHttpClient()
            .requestWithBaseUrl(node.url(), client -> client.request(request))
        : container
            .getDefaultHttpSolrClient()
            .requestWithBaseUrl(node.url(), client -> client.request(request));
  }
}

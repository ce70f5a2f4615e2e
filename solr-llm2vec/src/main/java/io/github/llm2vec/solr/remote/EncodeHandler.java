/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.solr.errors.SolrErrors;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.handler.RequestHandlerBase;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.security.AuthorizationContext;

/**
 * Endpoint of a node, {@code /solr/admin/llm2vec/encode}, by which other nodes have texts encoded.
 * It takes a {@link NodeCall} as the body of a POST and nothing from parameters, and it never calls
 * on: what this node does not have itself it refuses.
 *
 * <p>It is for nodes. In a cluster with authentication these sign for themselves and need no
 * permission; anybody else needs {@code config-edit}, or a permission that {@code security.json}
 * gives for this path.
 */
public final class EncodeHandler extends RequestHandlerBase {

  /** Behind {@code /solr}. */
  public static final String PATH = "/admin/llm2vec/encode";

  /** Of the body. */
  public static final String CONTENT_TYPE = "application/javabin";

  static final String REPLY = "reply";

  private final CoreContainer container;
  private final String start;
  private final Function<NodeCall, NodeReply> models;

  private EncodeHandler(
      CoreContainer container, String start, Function<NodeCall, NodeReply> models) {
    this.container = container;
    this.start = start;
    this.models = models;
  }

  /**
   * Opens the endpoint of a node; one that is open is replaced, in the same start of the node.
   *
   * @param models answers from the node's own models
   */
  public static void open(CoreContainer container, Function<NodeCall, NodeReply> models) {
    String start =
        container.getRequestHandlers().get(PATH) instanceof EncodeHandler before
            ? before.start
            : UUID.randomUUID().toString();
    container.getRequestHandlers().put(PATH, new EncodeHandler(container, start, models));
  }

  @Override
  public void handleRequestBody(SolrQueryRequest request, SolrQueryResponse response)
      throws IOException {
    response.setHttpCaching(false);
    // Solr has its enum there, or a text.
    if (!"POST".equals(String.valueOf(request.getContext().get("httpMethod")))) {
      response.setHttpHeader("Allow", "POST");
      throw SolrErrors.methodNotAllowed(PATH + " is for other nodes, which send a POST");
    }
    requireKnownCaller(request);
    try (InputStream body = body(request)) {
      NodeReply reply = models.apply(NodeCall.read(body));
      response.add(
          REPLY,
          (reply instanceof NodeReply.Models open
                  ? new NodeReply.Models(open.models(), start)
                  : reply)
              .toMap());
    } catch (IllegalArgumentException e) {
      throw SolrErrors.badRequest(PATH + ": " + e.getMessage(), e);
    }
  }

  /** Where no rule says anything of this path, Solr lets everybody in, nameless ones too. */
  private void requireKnownCaller(SolrQueryRequest request) {
    if (container.getAuthenticationPlugin() != null && request.getUserPrincipal() == null) {
      throw new SolrException(
          ErrorCode.UNAUTHORIZED, PATH + " answers nodes and users that say who they are");
    }
  }

  private static InputStream body(SolrQueryRequest request) throws IOException {
    // Its type is deprecated in Solr 9, and has no successor there.
    var streams =
        Optional.ofNullable(request.getContentStreams())
            .orElseThrow(EncodeHandler::noBody)
            .iterator();
    if (!streams.hasNext()) {
      throw noBody();
    }
    var stream = streams.next();
    if (!CONTENT_TYPE.equals(stream.getContentType()) || streams.hasNext()) {
      throw noBody();
    }
    return stream.getStream();
  }

  private static SolrException noBody() {
    return SolrErrors.badRequest(PATH + " takes one body of the type " + CONTENT_TYPE);
  }

  @Override
  public Name getPermissionName(AuthorizationContext request) {
    return Name.CONFIG_EDIT_PERM;
  }

  @Override
  public String getDescription() {
    return "Encodes for other nodes with the LLM2Vec models of this one";
  }
}

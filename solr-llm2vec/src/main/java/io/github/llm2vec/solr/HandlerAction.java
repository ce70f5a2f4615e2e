/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.request.SolrRequestHandler;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.security.PermissionNameProvider.Name;

/**
 * What can be asked of {@link Llm2VecRequestHandler}, with the permission that each needs. Solr
 * grants permissions before it expands macros, merges JSON and adds defaults; so the action is that
 * of the parameters as they arrived, here as there, and whatever comes in by another way than the
 * handler's own path is refused: such requests were authorised for another handler.
 */
enum HandlerAction {
  /** Shows the models. */
  STATUS(Name.METRICS_READ_PERM),
  /** Tells whether the core can encode and search. */
  HEALTH(Name.HEALTH_PERM),
  /** Shows what the update chain fills which vector fields with. */
  MAPPINGS(Name.METRICS_READ_PERM),
  /** Tries a text. */
  ENCODE(Name.READ_PERM),
  /** Opens a model anew. */
  RELOAD(Name.CONFIG_EDIT_PERM),
  /** Starts to encode a collection with another model. */
  REEMBED(Name.CONFIG_EDIT_PERM),
  /** Tells how far that is. */
  REEMBED_STATUS(Name.METRICS_READ_PERM),
  /** Stops it. */
  REEMBED_STOP(Name.CONFIG_EDIT_PERM),
  /** Looks for documents without vectors. */
  REEMBED_CHECK(Name.READ_PERM),
  /** Compares what both fields find. */
  REEMBED_COMPARE(Name.READ_PERM),
  /** Has queries answered by the new field. */
  REEMBED_SWITCH(Name.CONFIG_EDIT_PERM),
  /** Undoes that. */
  REEMBED_ROLLBACK(Name.CONFIG_EDIT_PERM),
  /** Starts to remove the vectors of the old field. */
  REEMBED_DROP(Name.CONFIG_EDIT_PERM);

  private static final String PARAMETER = "action";
  private static final String POST = "POST";
  private static final List<String> READING = List.of("GET", "HEAD", POST);

  /** By which a request for one handler is led to another. */
  private static final Set<String> DETOURS =
      Set.of("qt", ShardParams.SHARDS_QT, ShardParams.IS_SHARD);

  private final Name permission;

  HandlerAction(Name permission) {
    this.permission = permission;
  }

  /**
   * The permission that a request needs. A request whose action is not known is refused later; it
   * needs the strictest.
   *
   * @param arrived parameters of URL and form, before anything was made of them
   */
  static Name permission(SolrParams arrived) {
    return find(arrived).orElse(RELOAD).permission;
  }

  private static Optional<HandlerAction> find(SolrParams arrived) {
    String[] given = arrived == null ? null : arrived.getParams(PARAMETER);
    if (given == null) {
      return Optional.of(STATUS);
    }
    return Arrays.stream(values())
        .filter(action -> given.length == 1 && action.parameter().equals(given[0]))
        .findFirst();
  }

  /** As it stands in requests. */
  String parameter() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * What a request asks for.
   *
   * @param handler that is asked
   * @throws SolrException 400 if the action is not known, or stands elsewhere than in the request's
   *     own parameters, or the request was meant for another handler; 405 if it changes something
   *     and is no POST
   */
  static HandlerAction of(
      SolrQueryRequest request, SolrQueryResponse response, SolrRequestHandler handler) {
    SolrParams arrived = request.getOriginalParams();
    requireOwnPath(request, arrived, handler);
    HandlerAction action = find(arrived).orElseThrow(() -> unknown(arrived));
    if (!Objects.equals(request.getParams().get(PARAMETER), arrived.get(PARAMETER))) {
      throw SolrErrors.badRequest(
          "the action must stand in the request's own parameters, not in a macro, in json or in"
              + " the handler's defaults");
    }
    action.requireMethod(request, response);
    return action;
  }

  private void requireMethod(SolrQueryRequest request, SolrQueryResponse response) {
    // Solr has notes of its enum there; a request that did not come by HTTP has none.
    String method = String.valueOf(request.getContext().getOrDefault("httpMethod", "GET"));
    if (permission == Name.CONFIG_EDIT_PERM && !POST.equals(method)) {
      response.setHttpHeader("Allow", POST);
      throw SolrErrors.methodNotAllowed(
          "action=%s changes something, so it must be sent by POST".formatted(parameter()));
    }
    if (!READING.contains(method)) {
      response.setHttpHeader("Allow", String.join(", ", READING));
      throw SolrErrors.methodNotAllowed(
          "action=" + parameter() + " is asked for by " + String.join(", ", READING));
    }
  }

  private static void requireOwnPath(
      SolrQueryRequest request, SolrParams arrived, SolrRequestHandler handler) {
    Set<String> detours = new TreeSet<>(DETOURS);
    detours.removeIf(name -> arrived.get(name) == null && request.getParams().get(name) == null);
    Object path = request.getContext().get(CommonParams.PATH);
    if (!detours.isEmpty()
        || (path != null && request.getCore().getRequestHandler("" + path) != handler)) {
      throw SolrErrors.badRequest(
          "the LLM2Vec handler answers requests that are sent to its own path, not those that"
              + " another handler passes on"
              + (detours.isEmpty() ? "" : "; leave out " + String.join(", ", detours)));
    }
  }

  private static SolrException unknown(SolrParams arrived) {
    String[] given = arrived.getParams(PARAMETER);
    return SolrErrors.badRequest(
        given.length > 1
            ? "action is given " + given.length + " times; once is enough"
            : "unknown action '%s'%s"
                .formatted(
                    given[0],
                    NearestName.hint(
                        given[0],
                        Arrays.stream(values())
                            .map(HandlerAction::parameter)
                            .collect(Collectors.toSet()))));
  }
}

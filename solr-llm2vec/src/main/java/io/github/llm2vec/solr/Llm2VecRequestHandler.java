/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.model.NearestName;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelState;
import io.github.llm2vec.solr.node.ModelStatus;
import io.github.llm2vec.solr.node.NodeEncoder;
import io.github.llm2vec.solr.node.QueueReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.handler.RequestHandlerBase;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.security.AuthorizationContext;

/**
 * What operators ask of the models of a node:
 *
 * <ul>
 *   <li>{@code /llm2vec} or {@code /llm2vec?action=status} shows them with their queues.
 *   <li>{@code /llm2vec?action=health} answers 200 if every model that a core holds is ready, or
 *       the one that {@code model=} names, and 503 otherwise.
 *   <li>{@code /llm2vec?action=encode&model=default&text=...} with {@code role=query} (default) or
 *       {@code document} and {@code instruction=} encodes a text for trying out.
 *   <li>{@code /llm2vec?action=reload&model=default} reads the models file again and opens the
 *       model anew, beside the one that is open.
 * </ul>
 */
public final class Llm2VecRequestHandler extends RequestHandlerBase {

  private static final String STATUS = "status";
  private static final String ENCODE = "encode";
  private static final String HEALTH = "health";
  private static final String RELOAD = "reload";
  private static final Set<String> ACTIONS = Set.of(STATUS, ENCODE, HEALTH, RELOAD);
  private static final Set<String> ROLES = Set.of("query", "document");

  /** Made by Solr. */
  public Llm2VecRequestHandler() {}

  @Override
  public void handleRequestBody(SolrQueryRequest request, SolrQueryResponse response) {
    response.setHttpCaching(false);
    SolrParams params = request.getParams();
    EncoderRegistry registry = EncoderRegistry.of(request.getCore());
    switch (choice(params, "action", STATUS, ACTIONS)) {
      case ENCODE -> encode(request, response, registry);
      case HEALTH -> health(params.get("model", ""), response, registry);
      case RELOAD -> response.add("state", registry.reload(params.required().get("model")).name());
      default -> {
        response.add("node", registry.findings());
        response.add("models", registry.status().stream().map(this::describe).toList());
      }
    }
  }

  private static void health(String model, SolrQueryResponse response, EncoderRegistry registry) {
    List<ModelStatus> asked =
        registry.status().stream()
            .filter(
                status ->
                    model.isEmpty()
                        ? status.cores() > 0
                        : status.declaration().name().equals(model))
            .toList();
    if (asked.isEmpty() && !model.isEmpty()) {
      throw new SolrException(ErrorCode.BAD_REQUEST, "model '" + model + "' is not declared");
    }
    for (ModelStatus status : asked) {
      if (status.state() != ModelState.READY) {
        throw new SolrException(
            ErrorCode.SERVICE_UNAVAILABLE,
            "model '%s' is %s%s"
                .formatted(
                    status.declaration().name(),
                    status.state(),
                    status.failure().isEmpty() ? "" : ": " + status.failure()));
      }
    }
    response.add("status", "OK");
  }

  private NamedList<Object> describe(ModelStatus status) {
    NamedList<Object> model = new SimpleOrderedMap<>();
    model.add("name", status.declaration().name());
    model.add("model", status.declaration().model());
    model.add("state", status.state().name());
    if (!status.failure().isEmpty()) {
      model.add("failure", status.failure());
    }
    if (status.dimensions() > 0) {
      model.add("dimensions", status.dimensions());
      model.add("fingerprint", status.fingerprint());
    }
    if (!status.facts().device().isEmpty()) {
      model.add("device", status.facts().device());
      model.add("dtype", status.facts().dtype());
      model.add("kernel", status.facts().kernel());
    }
    model.add("cores", status.cores());
    model.add("documents", status.counts().documents());
    model.add("queries", status.counts().queries());
    model.add("cachedQueries", status.counts().cachedQueries());
    model.add("failedCalls", status.counts().failedCalls());
    model.add("openModels", status.openModels());
    status.queue().ifPresent(queue -> model.add("queue", QueueReport.of(queue)));
    return model;
  }

  private void encode(
      SolrQueryRequest request, SolrQueryResponse response, EncoderRegistry registry) {
    SolrParams params = request.getParams();
    String text = params.required().get("text");
    String instruction = params.get("instruction", "");
    NodeEncoder encoder = registry.acquire(request.getCore(), params.required().get("model"));
    float[] vector =
        choice(params, "role", "query", ROLES).equals("query")
            ? encoder.encodeQuery(text, Prompt.query(instruction))
            : encoder.encodeDocuments(List.of(text), Prompt.document(instruction)).get(0).orThrow();
    List<Float> values = new ArrayList<>(vector.length);
    for (float value : vector) {
      values.add(value);
    }
    response.add("vector", values);
  }

  private static String choice(SolrParams params, String name, String missing, Set<String> known) {
    String value = params.get(name, missing);
    if (!known.contains(value)) {
      throw new SolrException(
          ErrorCode.BAD_REQUEST,
          "unknown " + name + " '" + value + "'" + NearestName.hint(value, known));
    }
    return value;
  }

  /** Trying a text costs what a query costs; the status is a matter of operators. */
  @Override
  public Name getPermissionName(AuthorizationContext request) {
    return switch (request.getParams().get("action", STATUS)) {
      case ENCODE -> Name.READ_PERM;
      case HEALTH -> Name.HEALTH_PERM;
      case RELOAD -> Name.CONFIG_EDIT_PERM;
      default -> Name.METRICS_READ_PERM;
    };
  }

  @Override
  public String getDescription() {
    return "LLM2Vec models of this node";
  }
}

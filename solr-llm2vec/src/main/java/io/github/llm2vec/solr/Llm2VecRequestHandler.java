/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.node.EncoderIdentity;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelHandle;
import io.github.llm2vec.solr.node.ModelState;
import io.github.llm2vec.solr.node.ModelStatus;
import io.github.llm2vec.solr.node.Reload;
import io.github.llm2vec.solr.node.StatusReport;
import io.github.llm2vec.solr.schema.ServingField;
import io.github.llm2vec.solr.update.VectorMapping;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.apache.solr.handler.RequestHandlerBase;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.security.AuthorizationContext;

/**
 * What operators ask of the models of a node:
 *
 * <ul>
 *   <li>{@code /llm2vec} or {@code /llm2vec?action=status} shows them with their queues and their
 *       last reload; {@code model=} shows one.
 *   <li>{@code /llm2vec?action=health} answers 200 if this core can be filled and searched, and 503
 *       with the reasons otherwise; with {@code model=} it tells of a model alone.
 *   <li>{@code /llm2vec?action=mappings} shows the mappings of the core's default update chain.
 *   <li>{@code /llm2vec?action=encode&model=default&text=...} with {@code role=query} (default) or
 *       {@code document} and {@code instruction=} encodes a text for trying out, with a model that
 *       a core holds.
 *   <li>{@code /llm2vec?action=reload&model=default}, by POST, reads the models file again and
 *       starts to open the model anew, beside the one that is open. The answer says which
 *       collections will refuse queries afterwards; the status says what became of it.
 *   <li>{@code /llm2vec?action=reembed&field=vector&to=vector2}, by POST, starts to encode the
 *       documents of the collection with another model; {@code reembed_status}, {@code
 *       reembed_stop}, {@code reembed_check}, {@code reembed_compare}, {@code reembed_switch},
 *       {@code reembed_rollback} and {@code reembed_drop} are its other steps.
 * </ul>
 */
public final class Llm2VecRequestHandler extends RequestHandlerBase {

  private static final String MODEL = "model";
  private static final Set<String> ROLES = Set.of("query", "document");

  /** Made by Solr. */
  public Llm2VecRequestHandler() {}

  @Override
  public void handleRequestBody(SolrQueryRequest request, SolrQueryResponse response)
      throws IOException {
    response.setHttpCaching(false);
    EncoderRegistry registry = EncoderRegistry.of(request.getCore());
    HandlerAction action = HandlerAction.of(request, response, this);
    switch (action) {
      case ENCODE -> encode(request, response, registry);
      case HEALTH -> health(request, response, registry);
      case MAPPINGS -> mappings(request, response);
      case RELOAD -> reload(request, response, registry);
      case STATUS -> status(request.getParams().get(MODEL, ""), response, registry);
      case REEMBED,
          REEMBED_STATUS,
          REEMBED_STOP,
          REEMBED_CHECK,
          REEMBED_COMPARE,
          REEMBED_SWITCH,
          REEMBED_ROLLBACK,
          REEMBED_DROP ->
          new ReembedActions(request, response).take(action);
    }
  }

  private static void status(String model, SolrQueryResponse response, EncoderRegistry registry) {
    List<ModelStatus> asked =
        model.isEmpty() ? registry.status() : List.of(declared(registry, model));
    response.add("node", registry.findings());
    response.add("models", asked.stream().map(StatusReport::of).toList());
  }

  private static ModelStatus declared(EncoderRegistry registry, String model) {
    return registry
        .status(model)
        .orElseThrow(() -> SolrErrors.badRequest("model '" + model + "' is not declared"));
  }

  private static void health(
      SolrQueryRequest request, SolrQueryResponse response, EncoderRegistry registry)
      throws IOException {
    String model = request.getParams().get(MODEL, "");
    List<String> problems;
    if (model.isEmpty()) {
      problems =
          CoreHealth.of(request.getCore(), request.getSearcher().getIndexReader()).problems();
    } else {
      ModelStatus status = declared(registry, model);
      problems =
          status.state() == ModelState.READY ? List.of() : List.of(CoreHealth.describe(status));
    }
    response.add("status", problems.isEmpty() ? "OK" : "FAILURE");
    if (!problems.isEmpty()) {
      response.add("problems", problems);
      // Not thrown: what is thrown is an error to Solr's log, and a model that is loading is none.
      response.setException(SolrErrors.unavailable(String.join("; ", problems)));
    }
  }

  /** Of the chain that updates take which name none, and what stands in for their fields. */
  private static void mappings(SolrQueryRequest request, SolrQueryResponse response) {
    UpdateChain chain = UpdateChain.ofDefault(request);
    List<VectorMapping> mappings =
        chain.encoding().stream()
            .flatMap(processor -> processor.encoders().keySet().stream())
            .toList();
    NamedList<Object> serving = new SimpleOrderedMap<>();
    for (VectorMapping mapping : mappings) {
      String field = mapping.target().field();
      ServingField.property(request.getCore(), field)
          .ifPresent(property -> serving.add(field, property));
    }
    response.add("consistency", chain.checksConsistency());
    response.add("mappings", mappings.stream().map(MappingArguments::report).toList());
    response.add("serving", serving);
  }

  private static void reload(
      SolrQueryRequest request, SolrQueryResponse response, EncoderRegistry registry)
      throws IOException {
    String model = request.getOriginalParams().required().get(MODEL);
    Reload reload = registry.reload(model);
    response.add("state", reload.state().name());
    response.add("reload", StatusReport.of(reload));
    List<String> warnings = warnings(request.getCoreContainer(), registry, model, reload);
    if (!warnings.isEmpty()) {
      response.add("warnings", warnings);
    }
  }

  /** Which live cores hold vectors that the model as it is declared now cannot be compared with. */
  private static List<String> warnings(
      CoreContainer container, EncoderRegistry registry, String model, Reload reload)
      throws IOException {
    List<String> warnings = new ArrayList<>();
    if (reload.after().isEmpty()) {
      return warnings;
    }
    VectorIdentity then = reload.after().get();
    for (String name : container.getLoadedCoreNames()) {
      try (SolrCore core = container.getCore(name)) {
        if (core != null
            && registry.heldBy(core).stream()
                .anyMatch(held -> held.declaration().name().equals(model))) {
          warnings.addAll(
              core.withSearcher(
                  searcher ->
                      CoreHealth.of(core, searcher.getIndexReader())
                          .rejected(model, reload.before().orElse(then), then)));
        }
      }
    }
    return warnings;
  }

  private void encode(
      SolrQueryRequest request, SolrQueryResponse response, EncoderRegistry registry) {
    SolrParams params = request.getParams();
    String text = params.required().get("text");
    String instruction = params.get("instruction", "");
    ModelHandle encoder = held(registry, params.required().get(MODEL));
    EncoderIdentity identity = encoder.identity(params.get("adapter", ""));
    float[] vector =
        choice(params, "role", "query", ROLES).equals("query")
            ? encoder.encodeQuery(
                text, Prompt.query(instruction), identity, ModelHandle.QUERY_PATIENCE)
            : encoder
                .encodeDocuments(List.of(text), Prompt.document(instruction), identity)
                .get(0)
                .orThrow();
    List<Float> values = new ArrayList<>(vector.length);
    for (float value : vector) {
      values.add(value);
    }
    response.add("vector", values);
  }

  /** Trying a text must not bring a model into memory. */
  private static ModelHandle held(EncoderRegistry registry, String model) {
    ModelStatus status = declared(registry, model);
    return registry
        .find(model)
        .filter(encoder -> status.cores() > 0)
        .orElseThrow(
            () ->
                SolrErrors.badRequest(
                    ("model '%s' is not open, since no core holds it; name it in a"
                            + " core's update chain or query parser")
                        .formatted(model)));
  }

  private static String choice(SolrParams params, String name, String missing, Set<String> known) {
    String value = params.get(name, missing);
    if (!known.contains(value)) {
      throw SolrErrors.badRequest(
          "unknown " + name + " '" + value + "'" + NearestName.hint(value, known));
    }
    return value;
  }

  @Override
  public Name getPermissionName(AuthorizationContext request) {
    return HandlerAction.permission(request.getParams());
  }

  @Override
  public String getDescription() {
    return "LLM2Vec models of this node";
  }
}

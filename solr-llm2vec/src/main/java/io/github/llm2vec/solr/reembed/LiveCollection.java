/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.impl.HttpJdkSolrClient;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.client.solrj.request.schema.SchemaRequest;
import org.apache.solr.client.solrj.response.QueryResponse;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.schema.IndexSchema;
import org.jspecify.annotations.Nullable;

/**
 * A collection, or a core of a node without SolrCloud, that is in use: asked and changed over HTTP.
 * Every failure is an {@link IOException} that says what the server said.
 */
public final class LiveCollection implements Closeable {

  /** Encoding a batch may take long on a large model. */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final SolrClient client;
  private final String name;
  private final String handler;
  private final Retry retry;

  /**
   * Reaches a collection from another machine.
   *
   * @param url of any node, ending in {@code /solr}
   * @param name of the collection or core
   * @param credentials {@code user:password}, if the node asks for them
   */
  public static LiveCollection at(String url, String name, Optional<String> credentials) {
    return over(
        new HttpJdkSolrClient.Builder(url)
            // Otherwise it tries HTTP/2 with a HEAD request that Solr takes for an empty update.
            .useHttp1_1(true)
            .withOptionalBasicAuthCredentials(credentials.orElse(null))
            .withRequestTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
            .withIdleTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
            .build(),
        name,
        "/llm2vec");
  }

  /**
   * Reaches a collection by a client, which is closed with it.
   *
   * @param name of the collection or core
   * @param handler path of the plugin's request handler
   */
  static LiveCollection over(SolrClient client, String name, String handler) {
    return new LiveCollection(client, name, handler, Retry.NONE);
  }

  private LiveCollection(SolrClient client, String name, String handler, Retry retry) {
    this.client = client;
    this.name = name;
    this.handler = handler;
    this.retry = retry;
  }

  /** The same collection, asked again where a failure may pass; it is closed with this one. */
  public LiveCollection patient(Retry again) {
    return new LiveCollection(client, name, handler, again);
  }

  public String name() {
    return name;
  }

  /** Whether the node is part of a SolrCloud cluster. */
  public boolean inCloud() throws IOException {
    GenericSolrRequest info = new GenericSolrRequest(SolrRequest.METHOD.GET, "/admin/info/system");
    return "solrcloud".equals(call(() -> client.request(info)).get("mode"));
  }

  /** What the plugin's handler answers to an action. */
  NamedList<Object> llm2vec(SolrParams params) throws IOException {
    return call(
        () ->
            client.request(
                new GenericSolrRequest(SolrRequest.METHOD.GET, handler, params)
                    .setRequiresCollection(true),
                name));
  }

  /** The mappings of the default update chain. */
  List<VectorFieldMapping> mappings() throws IOException {
    NamedList<Object> report = llm2vec(new ModifiableSolrParams().set("action", "mappings"));
    if (!Boolean.TRUE.equals(report.get("consistency"))) {
      throw new IOException(
          "the default update chain of '%s' has no Llm2VecGuardUpdateProcessorFactory behind the"
                  .formatted(name)
              + " distributed processor, without which an atomic update may lose a vector; see"
              + " docs/solr-updates.md");
    }
    List<VectorFieldMapping> mappings = new ArrayList<>();
    if (report.get("mappings") instanceof List<?> list) {
      for (Object mapping : list) {
        if (mapping instanceof NamedList<?> one) {
          mappings.add(VectorFieldMapping.of(one));
        }
      }
    }
    return mappings;
  }

  /** The collection properties that say what stands in for which mapped field. */
  Map<String, String> serving() throws IOException {
    Map<String, String> serving = new LinkedHashMap<>();
    if (llm2vec(new ModifiableSolrParams().set("action", "mappings")).get("serving")
        instanceof NamedList<?> list) {
      list.forEach((field, property) -> serving.put(field, String.valueOf(property)));
    }
    return serving;
  }

  /**
   * Sets a property of the collection.
   *
   * @param value empty to remove it
   * @throws IOException also for an alias, which has no properties that nodes look at
   */
  void setProperty(String property, Optional<String> value) throws IOException {
    if (find(find(clusterStatus(), "collections"), name) == null) {
      throw new IOException(
          "'%s' is no collection by its own name; name the collection that the alias points to"
              .formatted(name));
    }
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(CommonParams.ACTION, "COLLECTIONPROP").set(CommonParams.NAME, name);
    params.set("propertyName", property);
    value.ifPresent(text -> params.set("propertyValue", text));
    call(
        () ->
            client.request(
                new GenericSolrRequest(SolrRequest.METHOD.POST, "/admin/collections", params)));
  }

  private NamedList<Object> clusterStatus() throws IOException {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(CommonParams.ACTION, "CLUSTERSTATUS").set("collection", name);
    return call(
        () ->
            client.request(
                new GenericSolrRequest(SolrRequest.METHOD.GET, "/admin/collections", params)));
  }

  /**
   * The attributes of a field, also of a dynamic one; empty if the schema has none.
   *
   * @param defaults whether those count that the field does not state itself
   */
  Optional<Map<String, Object>> field(String field, boolean defaults) throws IOException {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("showDefaults", defaults).set("includeDynamic", true);
    return found(() -> new SchemaRequest.Field(field, params).process(client, name).getField());
  }

  /** The attributes of a field type; empty if the schema has none. */
  Optional<Map<String, Object>> fieldType(String type) throws IOException {
    return found(
        () ->
            new SchemaRequest.FieldType(type).process(client, name).getFieldType().getAttributes());
  }

  private <T> Optional<T> found(Retry.Request<T> request) throws IOException {
    try {
      return Optional.of(retry.send(request));
    } catch (SolrException e) {
      if (e.code() == SolrException.ErrorCode.NOT_FOUND.code) {
        return Optional.empty();
      }
      throw failed(e);
    }
  }

  /** Whether there are passages with vectors in a field. */
  boolean hasPassages(String vector) throws IOException {
    if (field(IndexSchema.NEST_PATH_FIELD_NAME, false).isEmpty()) {
      return false;
    }
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(CommonParams.Q, DocumentWalk.passagesOf(vector)).set(CommonParams.ROWS, 0);
    return query(params).getResults().getNumFound() > 0;
  }

  /** Changes the schema, all at once. */
  void changeSchema(List<SchemaRequest.Update> updates) throws IOException {
    call(() -> new SchemaRequest.MultiUpdate(updates).process(client, name));
  }

  /** The name of the unique key. */
  String uniqueKey() throws IOException {
    return call(() -> new SchemaRequest.UniqueKey().process(client, name)).getUniqueKey();
  }

  /**
   * The field of a document by which a collection decides on its shard, if not its id alone.
   *
   * @throws IOException also if clients decide: a document cannot be updated without knowing where
   */
  Optional<String> routerField() throws IOException {
    Object router = find(clusterStatus(), "router");
    Object field = find(router, "field");
    if (field == null && "implicit".equals(find(router, "name"))) {
      throw new IOException(
          "collection '%s' has the implicit router without a router.field, so that nobody can tell from a"
                  .formatted(name)
              + " document to which shard its update goes; index its documents anew instead");
    }
    return Optional.ofNullable(field).map(Object::toString);
  }

  /** The first value of a name at any depth of an answer. */
  private static @Nullable Object find(@Nullable Object answer, String wanted) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    if (answer instanceof NamedList<?> list) {
      list.forEach((key, value) -> values.putIfAbsent(key, value));
    } else if (answer instanceof Map<?, ?> map) {
      map.forEach((key, value) -> values.put(String.valueOf(key), value));
    }
    if (values.containsKey(wanted)) {
      return values.get(wanted);
    }
    return values.values().stream()
        .map(value -> find(value, wanted))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /** Searches; by POST, as a long text does not fit into an address. */
  QueryResponse query(SolrParams params) throws IOException {
    return call(() -> client.query(name, params, SolrRequest.METHOD.POST));
  }

  /**
   * Sends documents in one request, so that the server encodes them together. Those whose {@code
   * _version_} is no longer the one that they name are passed over.
   *
   * @throws SolrException if the server refuses some of them
   */
  void update(List<SolrInputDocument> documents) throws IOException {
    UpdateRequest request = new UpdateRequest();
    request.setParam(CommonParams.FAIL_ON_VERSION_CONFLICTS, "false");
    request.add(documents);
    retry.send(() -> client.request(request, name));
  }

  /** Makes what was updated visible. */
  void commit() throws IOException {
    call(() -> client.commit(name));
  }

  private <T> T call(Retry.Request<T> request) throws IOException {
    try {
      return retry.send(request);
    } catch (SolrException e) {
      throw failed(e);
    }
  }

  /** What the user reads of an error of the server. */
  static IOException failed(Exception failure) {
    return new IOException("Solr says: " + failure.getMessage(), failure);
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}

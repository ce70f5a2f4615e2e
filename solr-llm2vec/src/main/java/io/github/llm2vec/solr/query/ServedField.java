/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.solr.query.EncodedQueryParser.QueryDefaults;
import io.github.llm2vec.solr.schema.ServingField;
import java.util.Optional;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.request.SolrQueryRequest;
import org.jspecify.annotations.Nullable;

/**
 * The vector field that a query searches, with what its parser falls back on: the field that the
 * query names, or the one that {@linkplain ServingField stands in} for it. A request sees one state
 * of the collection: its first node looks, and tells the shards.
 *
 * @param name of the field in the schema
 * @param defaults what is not given
 */
record ServedField(String name, QueryDefaults defaults) {

  /**
   * Finds the field of a query.
   *
   * @param named the field that the query names
   * @param model that the query names, or null; with its model named, a field is taken as it is
   * @param defaults of the parser
   */
  static ServedField of(
      SolrQueryRequest request, String named, @Nullable String model, QueryDefaults defaults) {
    if (model != null) {
      return new ServedField(named, defaults);
    }
    String property = RequestState.of(request).serving(named, () -> look(request, named));
    if (property.isEmpty()) {
      return new ServedField(named, defaults);
    }
    ServingField serving = ServingField.of(property);
    return new ServedField(
        serving.field(),
        new QueryDefaults(
            serving.model(),
            serving.adapter(),
            serving.instruction(),
            serving.dimensions(),
            defaults.efSearch(),
            defaults.overRequest()));
  }

  private static String look(SolrQueryRequest request, String named) {
    SolrParams params = request.getParams();
    Optional<String> told =
        params.getBool(ShardParams.IS_SHARD, false)
            ? Optional.ofNullable(params.get(ServingField.PROPERTY + named))
            : Optional.empty();
    return told.or(() -> ServingField.property(request.getCore(), named)).orElse("");
  }

  /** Tells a shard what its first node found. */
  static void send(SolrQueryRequest request, ModifiableSolrParams params) {
    RequestState.of(request)
        .serving()
        .forEach((field, property) -> params.set(ServingField.PROPERTY + field, property));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.solr.request.SolrQueryRequest;
import org.jspecify.annotations.Nullable;

/**
 * The queries that stand in the domains of {@code json.facet}. Solr parses the queries of facets
 * and of functions where a request comes in, but those of domains only where documents are counted.
 */
final class FacetDomains {

  private static final String FACET = "facet";
  private static final String DOMAIN = "domain";

  /** In place of a query: the name of the parameter that has it. */
  private static final String PARAM = "param";

  private final SolrQueryRequest request;
  private final List<String> queries = new ArrayList<>();

  private FacetDomains(SolrQueryRequest request) {
    this.request = request;
  }

  /** All strings in the domains of a request, queries and others. */
  static List<String> of(SolrQueryRequest request) {
    Map<String, Object> json = request.getJSON();
    FacetDomains domains = new FacetDomains(request);
    if (json != null) {
      domains.look(json.get(FACET));
    }
    return domains.queries;
  }

  private void look(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, part) -> {
            if (key.equals(DOMAIN)) {
              take(part);
            }
            // A facet may have that name, too, and facets of its own.
            look(part);
          });
    }
  }

  private void take(@Nullable Object value) {
    if (value instanceof String query) {
      queries.add(query);
    } else if (value instanceof List<?> list) {
      list.forEach(this::take);
    } else if (value instanceof Map<?, ?> map) {
      if (map.get(PARAM) instanceof String name) {
        String[] values = request.getParams().getParams(name);
        queries.addAll(values == null ? List.of() : List.of(values));
      }
      map.values().forEach(this::take);
    }
  }
}

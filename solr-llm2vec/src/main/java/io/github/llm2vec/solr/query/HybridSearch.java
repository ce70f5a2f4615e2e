/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.solr.client.solrj.util.ClientUtils;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.request.SolrQueryRequest;

/**
 * A hybrid query of a request, in a form in which the shards can be asked for its rankings. The
 * node that took the request notes its searches in the context of the request when it parses them.
 *
 * @param query the query with all references resolved: {@code {!llm2vecHybrid f='vector' ...}}
 * @param depth hits of either ranking that are fused
 * @param filtered whether the filters of the request are its own, as they are those of a main query
 */
record HybridSearch(String query, int depth, boolean filtered) {

  private static final Object CONTEXT_KEY = HybridSearch.class.getName();
  private static final Set<String> NOT_MEANING = Set.of("type", "tag", "cache", "cost");

  /**
   * Writes a query down.
   *
   * @param parser name of its parser
   * @param local its local parameters, resolved, the text as {@code v} among them
   */
  static HybridSearch of(String parser, SolrParams local, int depth, boolean filtered) {
    StringBuilder query = new StringBuilder("{!").append(parser);
    TreeSet<String> names = new TreeSet<>();
    for (Iterator<String> all = local.getParameterNamesIterator(); all.hasNext(); ) {
      names.add(all.next());
    }
    names.removeAll(NOT_MEANING);
    for (String name : names) {
      for (String value : local.getParams(name)) {
        // A leading $ would be a reference, which this no longer is.
        String written = ClientUtils.encodeLocalParamVal(value);
        query.append(' ').append(name).append('=');
        query.append(written.startsWith("$") ? "'" + written + "'" : written);
      }
    }
    return new HybridSearch(query.append('}').toString(), depth, filtered);
  }

  /** Names the search among those of a request, the same on all nodes. */
  String key() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest((filtered + query).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256; this is a bug", e);
    }
  }

  /** Notes a search; a clause that is parsed twice is one search. */
  static void note(SolrQueryRequest request, HybridSearch search) {
    List<HybridSearch> noted = of(request);
    if (!noted.contains(search)) {
      noted.add(search);
    }
  }

  /** The searches of a request. */
  // The context is a map of anything; this class alone writes the key.
  @SuppressWarnings("unchecked")
  static List<HybridSearch> of(SolrQueryRequest request) {
    return (List<HybridSearch>)
        request.getContext().computeIfAbsent(CONTEXT_KEY, key -> new ArrayList<>());
  }
}

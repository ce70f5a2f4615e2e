/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.BestPassage;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.request.SolrQueryRequest;

/**
 * The searches over passages that a request makes, kept in its context for those who show the best
 * passage of a document.
 */
public final class PassageSearch {

  private static final Object CONTEXT_KEY = PassageSearch.class.getName();

  private PassageSearch() {}

  /** Notes a search; of several in one field the first counts, which is the main query. */
  static void note(
      SolrQueryRequest request, String field, float[] vector, BitSetProducer documents) {
    searches(request).computeIfAbsent(field, name -> new BestPassage(name, vector, documents));
  }

  /**
   * The search of a request.
   *
   * @param field its field; "" if there is one search only
   * @return empty if the request has no such search
   * @throws SolrException 400 if no field is named and there are several
   */
  public static Optional<BestPassage> of(SolrQueryRequest request, String field) {
    Map<String, BestPassage> searches = searches(request);
    if (!field.isEmpty()) {
      return Optional.ofNullable(searches.get(field));
    }
    if (searches.size() > 1) {
      throw new SolrException(
          ErrorCode.BAD_REQUEST,
          "the request searches the passages of several fields; say whose passage to show: f="
              + String.join(" or f=", searches.keySet()));
    }
    return searches.values().stream().findFirst();
  }

  // The context is a map of anything; this class alone writes the key.
  @SuppressWarnings("unchecked")
  private static Map<String, BestPassage> searches(SolrQueryRequest request) {
    return (Map<String, BestPassage>)
        request.getContext().computeIfAbsent(CONTEXT_KEY, key -> new TreeMap<>());
  }
}

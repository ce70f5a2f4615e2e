/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.List;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.SyntaxError;

/**
 * Encodes the clauses of a distributed request that only shards parse. The node that took the
 * request parses them in the same way, so that their texts are encoded once and the ranks of hybrid
 * queries among them are found out for the whole collection. What it parses anyway is not among
 * them: the main query, its filters, sort functions and fields, {@code rq}, {@code hl.q} and the
 * queries and functions of {@code json.facet}.
 */
public final class ClauseVectors {

  /** Shards parse these as queries, not as filters. */
  private static final List<String> QUERIES =
      List.of("facet.query", "group.query", "expand.q", "expand.fq");

  /** What every query has that names a parser. */
  private static final String PARSER_NAME = "{!";

  private ClauseVectors() {}

  /** Encodes and notes what the shards of a distributed request will need. */
  public static void encode(SolrQueryRequest request) {
    for (String name : QUERIES) {
      String[] clauses = request.getParams().getParams(name);
      for (String clause : clauses == null ? new String[0] : clauses) {
        encode(request, name, clause, false);
      }
    }
    for (String clause : FacetDomains.of(request)) {
      encode(request, "json.facet", clause, true);
    }
  }

  private static void encode(SolrQueryRequest request, String name, String clause, boolean filter) {
    if (!clause.contains(PARSER_NAME)) {
      return;
    }
    boolean own = false;
    try {
      QParser parser = QParser.getParser(clause, request);
      own = parser instanceof EncodedQueryParser || parser instanceof HybridQueryParser;
      parser.setIsFilter(filter);
      parser.getQuery();
    } catch (SyntaxError e) {
      if (own) {
        throw SolrErrors.badRequest(name + ": " + e.getMessage(), e);
      }
    } catch (RuntimeException e) {
      // A query around ours may need what only the shards have, such as a core to join with: they
      // parse it again and have the last word.
      if (own) {
        throw e;
      }
    }
  }
}

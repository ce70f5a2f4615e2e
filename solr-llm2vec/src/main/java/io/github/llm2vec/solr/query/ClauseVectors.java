/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.util.List;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.SyntaxError;

/**
 * Encodes the texts of clauses that only shards parse, so that they are encoded once, too: those of
 * {@code facet.query}, {@code group.query}, {@code expand.q} and {@code expand.fq}, and those in
 * the domains of {@code json.facet}.
 */
public final class ClauseVectors {

  private static final List<String> PARSED_BY_SHARDS =
      List.of("facet.query", "group.query", "expand.q", "expand.fq");

  /** What every query has that names a parser. */
  private static final String PARSER_NAME = "{!";

  private ClauseVectors() {}

  /** Encodes what the shards of a distributed request will need. */
  public static void encode(SolrQueryRequest request) {
    for (String name : PARSED_BY_SHARDS) {
      String[] clauses = request.getParams().getParams(name);
      for (String clause : clauses == null ? new String[0] : clauses) {
        encode(request, name, clause);
      }
    }
    for (String clause : FacetDomains.of(request)) {
      encode(request, "json.facet", clause);
    }
  }

  private static void encode(SolrQueryRequest request, String name, String clause) {
    if (!clause.contains(PARSER_NAME)) {
      return;
    }
    boolean own = false;
    try {
      QParser parser = QParser.getParser(clause, request);
      own = parser instanceof EncodedQueryParser || parser instanceof HybridQueryParser;
      parser.setIsFilter(true);
      parser.getQuery();
    } catch (SyntaxError e) {
      if (own) {
        throw new SolrException(ErrorCode.BAD_REQUEST, name + ": " + e.getMessage(), e);
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

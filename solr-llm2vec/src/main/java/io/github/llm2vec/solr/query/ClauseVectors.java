/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.util.List;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.SyntaxError;

/** Encodes the texts of clauses that only shards parse, so that they are encoded once, too. */
public final class ClauseVectors {

  private static final List<String> PARSED_BY_SHARDS = List.of("facet.query", "group.query");

  private ClauseVectors() {}

  /** Encodes what the shards of a distributed request will need. */
  public static void encode(SolrQueryRequest request) {
    for (String name : PARSED_BY_SHARDS) {
      String[] clauses = request.getParams().getParams(name);
      for (String clause : clauses == null ? new String[0] : clauses) {
        encode(request, name, clause);
      }
    }
  }

  private static void encode(SolrQueryRequest request, String name, String clause) {
    try {
      QParser parser = QParser.getParser(clause, request);
      if (parser instanceof EncodedQueryParser || parser instanceof HybridQueryParser) {
        parser.setIsFilter(true);
        parser.getQuery();
      }
    } catch (SyntaxError e) {
      throw new SolrException(ErrorCode.BAD_REQUEST, name + ": " + e.getMessage(), e);
    }
  }
}

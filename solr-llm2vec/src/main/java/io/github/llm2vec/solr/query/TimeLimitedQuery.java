/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.io.IOException;
import java.util.Objects;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.solr.search.QueryLimits;

/**
 * Holds a nearest-neighbour search to the limits of its request. Lucene walks the graph while it
 * rewrites the query and asks the searcher for its time limit, but Solr's searcher has none then:
 * it limits the collecting of hits only. When time is up, the walk ends with what it has, and
 * Solr's own check that follows marks the results as partial and keeps them out of its caches.
 */
final class TimeLimitedQuery extends Query {

  private final Query query;

  private TimeLimitedQuery(Query query) {
    this.query = query;
  }

  /** The query itself, unless the current request has limits. */
  static Query of(Query query) {
    return QueryLimits.getCurrentLimits().isLimitsEnabled() ? new TimeLimitedQuery(query) : query;
  }

  @Override
  public Query rewrite(IndexSearcher searcher) throws IOException {
    QueryLimits limits = QueryLimits.getCurrentLimits();
    if (!limits.isLimitsEnabled()) {
      return query;
    }
    IndexSearcher limited = new IndexSearcher(searcher.getTopReaderContext());
    limited.setTimeout(limits);
    return limited.rewrite(query);
  }

  @Override
  public void visit(QueryVisitor visitor) {
    query.visit(visitor);
  }

  @Override
  public String toString(String field) {
    return query.toString(field);
  }

  @Override
  public boolean equals(Object other) {
    return sameClassAs(other) && query.equals(((TimeLimitedQuery) other).query);
  }

  @Override
  public int hashCode() {
    return Objects.hash(classHash(), query);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.io.IOException;
import java.util.Objects;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.IndexReaderContext;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.solr.search.QueryLimits;

/**
 * A search that runs while Lucene rewrites it, as it may stand anywhere in a request to Solr.
 *
 * <p>It keeps to the limits of the request. Lucene asks the searcher for its time limit, but Solr's
 * searcher has none while it rewrites: it limits the collecting of hits only. When time is up, the
 * search ends with what it has, and Solr's own check that follows marks the results as partial and
 * keeps them out of its caches.
 *
 * <p>Highlighters rewrite a query over the words of a single document to see what there is to mark;
 * there it becomes the words that it searches for.
 */
final class LimitedQuery extends Query {

  private final Query query;
  private final Query words;
  private final String description;

  /**
   * Limits a search.
   *
   * @param query the search
   * @param words what highlighters may mark
   * @param description what {@link #toString} returns; the same on all nodes, since Solr names the
   *     values by which shards sort after it
   */
  LimitedQuery(Query query, Query words, String description) {
    this.query = query;
    this.words = words;
    this.description = description;
  }

  @Override
  public Query rewrite(IndexSearcher searcher) throws IOException {
    if (isOneDocument(searcher.getTopReaderContext())) {
      // The document was found; whether its words match decides about nothing but what is marked.
      return new BooleanQuery.Builder()
          .add(new MatchAllDocsQuery(), BooleanClause.Occur.MUST)
          .add(words, BooleanClause.Occur.SHOULD)
          .build();
    }
    QueryLimits limits = QueryLimits.getCurrentLimits();
    if (!limits.isLimitsEnabled()) {
      return query;
    }
    IndexSearcher limited = new IndexSearcher(searcher.getTopReaderContext());
    limited.setTimeout(limits);
    return limited.rewrite(query);
  }

  /** Whether this is no index but what a highlighter made of a document. */
  private static boolean isOneDocument(IndexReaderContext top) {
    return top instanceof LeafReaderContext leaf && !(leaf.reader() instanceof CodecReader);
  }

  @Override
  public void visit(QueryVisitor visitor) {
    query.visit(visitor);
  }

  @Override
  public String toString(String field) {
    return description;
  }

  @Override
  public boolean equals(Object other) {
    return sameClassAs(other)
        && query.equals(((LimitedQuery) other).query)
        && words.equals(((LimitedQuery) other).words);
  }

  @Override
  public int hashCode() {
    return Objects.hash(classHash(), query, words);
  }
}

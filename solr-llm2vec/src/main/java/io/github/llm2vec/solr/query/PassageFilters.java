/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.ToChildBlockJoinQuery;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.join.BlockJoinParentQParser;

/** Which passages may be found, when some conditions are about them and some about documents. */
final class PassageFilters {

  private final Query mask;
  private final BitSetProducer documents;
  private final BooleanQuery.Builder parentConditions = new BooleanQuery.Builder();
  private boolean restricted;

  private PassageFilters(Query mask, BitSetProducer documents) {
    this.mask = mask;
    this.documents = documents;
  }

  /**
   * No conditions yet.
   *
   * @param mask matches all documents and no passage
   */
  static PassageFilters of(SolrQueryRequest request, Query mask) {
    return new PassageFilters(mask, BlockJoinParentQParser.getCachedBitSetProducer(request, mask));
  }

  /** Tells documents from passages. */
  BitSetProducer documents() {
    return documents;
  }

  /** Adds a condition on documents. */
  void restrict(Query documentFilter) {
    parentConditions.add(documentFilter, BooleanClause.Occur.FILTER);
    restricted = true;
  }

  /** The passages of the documents that pass one more filter and all conditions. */
  Query ofDocuments(Query documentFilter) {
    if (!(documentFilter instanceof MatchAllDocsQuery)) {
      restrict(documentFilter);
    }
    return passages();
  }

  /** The passages that pass a filter, of the documents that pass all conditions. */
  Query ofPassages(Query passageFilter) {
    Query passages = passages();
    if (passages instanceof MatchAllDocsQuery) {
      return passageFilter;
    }
    if (passageFilter instanceof MatchAllDocsQuery) {
      return passages;
    }
    return new BooleanQuery.Builder()
        .add(passages, BooleanClause.Occur.FILTER)
        .add(passageFilter, BooleanClause.Occur.FILTER)
        .build();
  }

  private Query passages() {
    if (!restricted) {
      return new MatchAllDocsQuery();
    }
    // Lucene's join fails on a filter that matches passages, for example one that excludes.
    parentConditions.add(mask, BooleanClause.Occur.FILTER);
    return new ToChildBlockJoinQuery(parentConditions.build(), documents);
  }
}

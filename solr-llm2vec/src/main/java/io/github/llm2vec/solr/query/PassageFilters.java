/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.PassageBlocks;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.join.ToChildBlockJoinQuery;

/**
 * Which passages may be found, when some conditions are about them and some about documents. Never
 * one whose document is gone.
 */
final class PassageFilters {

  private final Query mask;
  private final PassageBlocks blocks;
  private final BooleanQuery.Builder parentConditions = new BooleanQuery.Builder();
  private boolean restricted;

  private PassageFilters(Query mask, PassageBlocks blocks) {
    this.mask = mask;
    this.blocks = blocks;
  }

  /**
   * No conditions yet.
   *
   * @param mask matches all documents and no passage
   */
  static PassageFilters of(Query mask, KnownBlocks known) {
    return new PassageFilters(mask, known.of(mask));
  }

  /** Tells documents from passages. */
  PassageBlocks blocks() {
    return blocks;
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
    return passageFilter instanceof MatchAllDocsQuery
        ? passages()
        : both(passages(), passageFilter);
  }

  private Query passages() {
    if (!restricted) {
      return blocks.owned();
    }
    // Lucene's join fails on a filter that matches passages, for example one that excludes.
    parentConditions.add(mask, BooleanClause.Occur.FILTER);
    return both(blocks.owned(), new ToChildBlockJoinQuery(parentConditions.build(), blocks));
  }

  private static Query both(Query one, Query other) {
    return new BooleanQuery.Builder()
        .add(one, BooleanClause.Occur.FILTER)
        .add(other, BooleanClause.Occur.FILTER)
        .build();
  }
}

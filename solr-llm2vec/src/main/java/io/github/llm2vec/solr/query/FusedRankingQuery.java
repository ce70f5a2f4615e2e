/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.ScoredDocsQuery;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.solr.schema.SchemaField;

/** Matches the documents of a ranking that this shard has, with the scores of the fusion. */
final class FusedRankingQuery extends Query {

  private final SchemaField uniqueKey;
  private final FusedRanking ranking;
  private final HybridFusion fusion;
  private final Query words;

  /**
   * The documents of a ranking.
   *
   * @param words what may be highlighted
   */
  FusedRankingQuery(SchemaField uniqueKey, FusedRanking ranking, HybridFusion fusion, Query words) {
    this.uniqueKey = uniqueKey;
    this.ranking = ranking;
    this.fusion = fusion;
    this.words = words;
  }

  @Override
  public Query rewrite(IndexSearcher searcher) throws IOException {
    Map<Integer, FusedRanking.Entry> found = new HashMap<>();
    for (FusedRanking.Entry entry : ranking.documents()) {
      Query byId = uniqueKey.getType().getFieldQuery(null, uniqueKey, entry.id());
      for (ScoreDoc hit : searcher.search(byId, 1).scoreDocs) {
        found.put(hit.doc, entry);
      }
    }
    ScoreDoc[] hits =
        found.entrySet().stream()
            .map(hit -> new ScoreDoc(hit.getKey(), score(hit.getValue())))
            .toArray(ScoreDoc[]::new);
    return ScoredDocsQuery.of(
        searcher.getIndexReader(),
        hits,
        (doc, score) -> {
          FusedRanking.Entry entry = Objects.requireNonNull(found.get(doc), "a hit");
          return fusion.explain(score, entry.words(), entry.vectors());
        });
  }

  private float score(FusedRanking.Entry entry) {
    return (float) fusion.score(entry.words(), entry.vectors());
  }

  @Override
  public void visit(QueryVisitor visitor) {
    words.visit(visitor.getSubVisitor(BooleanClause.Occur.SHOULD, this));
  }

  @Override
  public String toString(String field) {
    return "Fused(%s documents, %s)".formatted(ranking.documents().size(), fusion);
  }

  @Override
  public boolean equals(Object other) {
    return sameClassAs(other)
        && uniqueKey.getName().equals(((FusedRankingQuery) other).uniqueKey.getName())
        && ranking.equals(((FusedRankingQuery) other).ranking)
        && fusion.equals(((FusedRankingQuery) other).fusion);
  }

  @Override
  public int hashCode() {
    return Objects.hash(classHash(), uniqueKey.getName(), ranking, fusion);
  }
}

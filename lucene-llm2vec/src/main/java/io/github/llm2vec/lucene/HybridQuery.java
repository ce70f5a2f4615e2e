/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;

/** Words and vectors, fused; see {@link Llm2VecQueries#hybrid}. */
final class HybridQuery extends Query {

  private final Query words;
  private final Query vectors;
  private final Query filter;
  private final int depth;
  private final HybridFusion fusion;

  HybridQuery(Query words, Query vectors, Query filter, int depth, HybridFusion fusion) {
    this.words = Objects.requireNonNull(words, "words");
    this.vectors = Objects.requireNonNull(vectors, "vectors");
    this.filter = Objects.requireNonNull(filter, "filter");
    if (depth < 1) {
      throw new IllegalArgumentException("depth must be at least 1, got " + depth);
    }
    this.depth = depth;
    this.fusion = Objects.requireNonNull(fusion, "fusion");
  }

  @Override
  public Query rewrite(IndexSearcher searcher) throws IOException {
    int most = Math.max(1, Math.min(depth, searcher.getIndexReader().maxDoc()));
    TopDocs byWords = searcher.search(filtered(words), most);
    TopDocs byVectors = searcher.search(filtered(vectors), most);
    List<FusedHit> fused = fusion.fuse(byWords, byVectors, 2 * most);
    Map<Integer, FusedHit> hits = new HashMap<>();
    fused.forEach(hit -> hits.put(hit.doc(), hit));
    return ScoredDocsQuery.of(
        searcher.getIndexReader(),
        fused.stream()
            .map(hit -> new ScoreDoc(hit.doc(), (float) hit.score()))
            .toArray(ScoreDoc[]::new),
        (doc, score) -> {
          List<Integer> ranks = Objects.requireNonNull(hits.get(doc), "a hit").ranks();
          return fusion.explain(
              score,
              HybridFusion.standing(byWords, ranks.get(0)),
              HybridFusion.standing(byVectors, ranks.get(1)));
        });
  }

  private Query filtered(Query query) {
    if (filter instanceof MatchAllDocsQuery) {
      return query;
    }
    return new BooleanQuery.Builder()
        .add(query, BooleanClause.Occur.MUST)
        .add(filter, BooleanClause.Occur.FILTER)
        .build();
  }

  /** What is to be highlighted is what the words matched. */
  @Override
  public void visit(QueryVisitor visitor) {
    words.visit(visitor.getSubVisitor(BooleanClause.Occur.SHOULD, this));
    vectors.visit(visitor.getSubVisitor(BooleanClause.Occur.SHOULD, this));
  }

  @Override
  public String toString(String field) {
    return "Hybrid(words=%s, vectors=%s, filter=%s, depth=%s, %s)"
        .formatted(
            words.toString(field), vectors.toString(field), filter.toString(field), depth, fusion);
  }

  @Override
  public boolean equals(Object other) {
    if (!sameClassAs(other)) {
      return false;
    }
    HybridQuery that = (HybridQuery) other;
    return words.equals(that.words)
        && vectors.equals(that.vectors)
        && filter.equals(that.filter)
        && depth == that.depth
        && fusion.equals(that.fusion);
  }

  @Override
  public int hashCode() {
    return Objects.hash(classHash(), words, vectors, filter, depth, fusion);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.Bits;

/**
 * Nearest neighbours by comparing with every full-precision vector: what the graph search is
 * measured against, and the right choice for small indexes and narrow filters.
 */
final class ExactKnnQuery extends Query {

  private final KnnSpec target;
  private final int k;

  ExactKnnQuery(KnnSpec target, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, got " + k);
    }
    this.target = target;
    this.k = k;
  }

  @Override
  public Query rewrite(IndexSearcher searcher) throws IOException {
    IndexReader reader = searcher.getIndexReader();
    VectorFieldChecks.requireSearchable(reader, target.field(), target.vector().length);
    Optional<Weight> filter = filterWeight(searcher);
    List<Callable<ScoreDoc[]>> tasks = new ArrayList<>();
    for (LeafReaderContext leaf : reader.leaves()) {
      tasks.add(() -> nearestOf(leaf, filter));
    }
    ScoreDoc[] nearest =
        searcher.getTaskExecutor().invokeAll(tasks).stream()
            .flatMap(Stream::of)
            .sorted(ExactRescorer.BEST_FIRST)
            .limit(k)
            .toArray(ScoreDoc[]::new);
    return ScoredDocsQuery.of(reader, nearest);
  }

  private Optional<Weight> filterWeight(IndexSearcher searcher) throws IOException {
    Optional<Query> restriction = target.restriction();
    if (restriction.isEmpty()) {
      return Optional.empty();
    }
    Query rewritten = searcher.rewrite(restriction.get());
    return Optional.of(searcher.createWeight(rewritten, ScoreMode.COMPLETE_NO_SCORES, 1));
  }

  private ScoreDoc[] nearestOf(LeafReaderContext leaf, Optional<Weight> filter) throws IOException {
    Optional<ExactRescorer.LeafScorer> scorer = ExactRescorer.LeafScorer.of(leaf, target);
    DocIdSetIterator accepted = DocIdSetIterator.all(leaf.reader().maxDoc());
    if (filter.isPresent()) {
      Scorer matches = filter.get().scorer(leaf);
      accepted = matches == null ? DocIdSetIterator.empty() : matches.iterator();
    }
    return scorer.isEmpty() ? new ScoreDoc[0] : nearestOf(leaf, scorer.get(), accepted);
  }

  private ScoreDoc[] nearestOf(
      LeafReaderContext leaf, ExactRescorer.LeafScorer scorer, DocIdSetIterator accepted)
      throws IOException {
    Bits live = leaf.reader().getLiveDocs();
    DocIdSetIterator withVector = scorer.documents();
    PriorityQueue<ScoreDoc> worstFirst = new PriorityQueue<>(ExactRescorer.BEST_FIRST.reversed());
    int doc = accepted.nextDoc();
    while (doc != DocIdSetIterator.NO_MORE_DOCS) {
      int next = withVector.docID() < doc ? withVector.advance(doc) : withVector.docID();
      if (next != doc) {
        doc = next == DocIdSetIterator.NO_MORE_DOCS ? next : accepted.advance(next);
        continue;
      }
      if (live == null || live.get(doc)) {
        offer(worstFirst, leaf.docBase + doc, scorer.score());
      }
      doc = accepted.nextDoc();
    }
    return worstFirst.toArray(ScoreDoc[]::new);
  }

  /** Documents come in ascending order, so one that equals the worst hit loses against it. */
  private void offer(PriorityQueue<ScoreDoc> worstFirst, int doc, float score) {
    if (worstFirst.size() < k) {
      worstFirst.add(new ScoreDoc(doc, score));
    } else if (score > worstFirst.peek().score) {
      worstFirst.poll();
      worstFirst.add(new ScoreDoc(doc, score));
    }
  }

  @Override
  public void visit(QueryVisitor visitor) {
    if (visitor.acceptField(target.field())) {
      visitor.visitLeaf(this);
    }
  }

  @Override
  public String toString(String field) {
    return "ExactKnn:" + target + "[" + k + "]";
  }

  @Override
  public boolean equals(Object other) {
    return sameClassAs(other)
        && target.equals(((ExactKnnQuery) other).target)
        && k == ((ExactKnnQuery) other).k;
  }

  @Override
  public int hashCode() {
    return Objects.hash(classHash(), target, k);
  }
}

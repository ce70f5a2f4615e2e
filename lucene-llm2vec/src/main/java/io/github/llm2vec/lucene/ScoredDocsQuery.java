/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Arrays;
import java.util.Comparator;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Weight;

/**
 * Matches given documents with given scores; what a nearest-neighbour or hybrid search rewrites
 * itself to. The document numbers hold for one reader only, and the query refuses any other.
 */
public final class ScoredDocsQuery extends Query {

  private final int[] docs;
  private final float[] scores;
  private final Object readerId;
  // Follows from the search that found the hits, so it is no part of what makes queries equal.
  private final HitExplainer explainer;

  private ScoredDocsQuery(int[] docs, float[] scores, Object readerId, HitExplainer explainer) {
    this.docs = docs;
    this.scores = scores;
    this.readerId = readerId;
    this.explainer = explainer;
  }

  /** Hits whose explanation is that they are among the nearest. */
  static Query of(IndexReader reader, ScoreDoc[] hits) {
    String reason = "among the " + hits.length + " nearest";
    return of(reader, hits, (doc, score) -> Explanation.match(score, reason));
  }

  /**
   * A query for hits that are known.
   *
   * @param reader the reader that numbered the documents
   * @param hits distinct documents in any order, scores not negative
   * @param explainer tells why a hit has its score
   */
  public static Query of(IndexReader reader, ScoreDoc[] hits, HitExplainer explainer) {
    if (hits.length == 0) {
      return new MatchNoDocsQuery("no vector was near enough");
    }
    ScoreDoc[] sorted = hits.clone();
    Arrays.sort(sorted, Comparator.comparingInt(hit -> hit.doc));
    int[] docs = new int[sorted.length];
    float[] scores = new float[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      docs[i] = sorted[i].doc;
      scores[i] = sorted[i].score;
    }
    return new ScoredDocsQuery(docs, scores, reader.getContext().id(), explainer);
  }

  @Override
  public Weight createWeight(IndexSearcher searcher, ScoreMode scoreMode, float boost) {
    if (searcher.getIndexReader().getContext().id() != readerId) {
      throw new IllegalStateException(
          "the query was rewritten for another reader; rewrite the original query again");
    }
    return new LuceneShim.HitsWeight(this, boost) {
      @Override
      LeafHits hits(LeafReaderContext context) {
        return leafHits(context);
      }

      @Override
      public int count(LeafReaderContext context) {
        return context.reader().hasDeletions() ? -1 : (int) leafHits(context).cost();
      }

      @Override
      public Explanation explain(LeafReaderContext context, int doc) {
        return explanation(context.docBase + doc, boost);
      }

      @Override
      public boolean isCacheable(LeafReaderContext context) {
        return true;
      }
    };
  }

  private Explanation explanation(int doc, float boost) {
    int found = Arrays.binarySearch(docs, doc);
    if (found < 0) {
      return Explanation.noMatch("not among the " + docs.length + " nearest");
    }
    Explanation plain = explainer.explain(doc, scores[found]);
    return boost == 1
        ? plain
        : Explanation.match(scores[found] * boost, "with boost " + boost + ", of:", plain);
  }

  private LeafHits leafHits(LeafReaderContext context) {
    int from = firstAtLeast(context.docBase);
    int to = firstAtLeast(context.docBase + context.reader().maxDoc());
    int[] leafDocs = Arrays.copyOfRange(docs, from, to);
    for (int i = 0; i < leafDocs.length; i++) {
      leafDocs[i] -= context.docBase;
    }
    return new LeafHits(leafDocs, Arrays.copyOfRange(scores, from, to));
  }

  private int firstAtLeast(int doc) {
    int found = Arrays.binarySearch(docs, doc);
    return found < 0 ? -1 - found : found;
  }

  @Override
  public void visit(QueryVisitor visitor) {
    visitor.visitLeaf(this);
  }

  @Override
  public String toString(String field) {
    return "ScoredDocs[" + docs.length + "]";
  }

  @Override
  public boolean equals(Object other) {
    return sameClassAs(other)
        && readerId == ((ScoredDocsQuery) other).readerId
        && Arrays.equals(docs, ((ScoredDocsQuery) other).docs)
        && Arrays.equals(scores, ((ScoredDocsQuery) other).scores);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * classHash() + Arrays.hashCode(docs)) + Arrays.hashCode(scores);
  }

  /** Tells why a document has its score, for hits that were found before the query is run. */
  @FunctionalInterface
  public interface HitExplainer {

    /**
     * Explains a hit.
     *
     * @param doc number in the reader that was searched
     * @param score its score
     */
    Explanation explain(int doc, float score);
  }
}

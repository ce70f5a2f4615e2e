/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.lucene.ExactRescorer.StoredVectors;
import java.io.IOException;
import java.util.Optional;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.ConstantScoreScorer;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;
import org.jspecify.annotations.Nullable;

/** What this package needs of Lucene 10 that Lucene 9 spells differently. */
final class LuceneShim {

  private LuceneShim() {}

  /** The float vectors of a field, if the segment has any. */
  static Optional<StoredVectors> vectors(LeafReader reader, String field) throws IOException {
    FloatVectorValues values = reader.getFloatVectorValues(field);
    if (values == null) {
      return Optional.empty();
    }
    KnnVectorValues.DocIndexIterator documents = values.iterator();
    return Optional.of(
        new StoredVectors() {
          @Override
          public DocIdSetIterator documents() {
            return documents;
          }

          @Override
          public float[] vector() throws IOException {
            return values.vectorValue(documents.index());
          }
        });
  }

  /** A weight whose hits are known beforehand. */
  abstract static class HitsWeight extends Weight {

    private final float boost;

    HitsWeight(Query query, float boost) {
      super(query);
      this.boost = boost;
    }

    /** The hits of a segment, in an iterator of their own. */
    abstract LeafHits hits(LeafReaderContext context);

    @Override
    public final @Nullable ScorerSupplier scorerSupplier(LeafReaderContext context) {
      LeafHits hits = hits(context);
      if (hits.cost() == 0) {
        return null;
      }
      float maxScore = hits.maxScore() * boost;
      return new DefaultScorerSupplier(
          new Scorer() {
            @Override
            public int docID() {
              return hits.docID();
            }

            @Override
            public DocIdSetIterator iterator() {
              return hits;
            }

            @Override
            public float getMaxScore(int upTo) {
              return maxScore;
            }

            @Override
            public float score() {
              return hits.score() * boost;
            }
          });
    }
  }

  /** A weight of documents without scores. */
  abstract static class FilterWeight extends ConstantScoreWeight {

    FilterWeight(Query query, float boost) {
      super(query, boost);
    }

    /** The documents of a segment, null for none. */
    abstract @Nullable DocIdSetIterator documents(LeafReaderContext context) throws IOException;

    @Override
    public final @Nullable ScorerSupplier scorerSupplier(LeafReaderContext context)
        throws IOException {
      DocIdSetIterator documents = documents(context);
      return documents == null
          ? null
          : new DefaultScorerSupplier(
              new ConstantScoreScorer(score(), ScoreMode.COMPLETE_NO_SCORES, documents));
    }
  }
}

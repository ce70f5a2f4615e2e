/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.Version;

/** What this package needs of Lucene 9 that Lucene 10 spells differently. */
final class LuceneShim {

  private LuceneShim() {}

  // The shim of Lucene 10 has the same method and answers.
  @SuppressWarnings("DoNotCallSuggester")
  static KnnVectorsFormat binaryFormat(
      int hnswM, int beamWidth, int numMergeWorkers, ExecutorService mergeExecutor) {
    throw new UnsupportedOperationException(
        "Lucene "
            + Version.LATEST
            + " has no binary quantisation, which needs Lucene 10; use INT4 or INT8");
  }

  /** The float vectors of a field, if the segment has any. */
  static Optional<StoredVectors> vectors(LeafReader reader, String field) throws IOException {
    FloatVectorValues values = reader.getFloatVectorValues(field);
    if (values == null) {
      return Optional.empty();
    }
    return Optional.of(
        new StoredVectors() {
          @Override
          public DocIdSetIterator documents() {
            return values;
          }

          @Override
          public float[] vector() throws IOException {
            return values.vectorValue();
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
    public final Scorer scorer(LeafReaderContext context) {
      LeafHits hits = hits(context);
      if (hits.cost() == 0) {
        return null;
      }
      float maxScore = hits.maxScore() * boost;
      return new Scorer(this) {
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
      };
    }
  }
}

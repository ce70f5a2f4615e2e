/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.ScoreDoc;

/** Scores documents by the full-precision vectors that Lucene keeps beside quantised ones. */
final class ExactRescorer {

  /** The full-precision vectors of one field in one segment, in the order of the documents. */
  interface StoredVectors {

    /** The documents that have a vector; moving this iterator moves {@link #vector()}. */
    DocIdSetIterator documents();

    /**
     * The vector of the document on which {@link #documents()} stands, valid until it moves: {@code
     * [dimensions]}.
     */
    float[] vector() throws IOException;
  }

  /** Best first; equal scores in the order of the documents, as Lucene sorts. */
  static final Comparator<ScoreDoc> BEST_FIRST =
      Comparator.<ScoreDoc>comparingDouble(hit -> -hit.score).thenComparingInt(hit -> hit.doc);

  private ExactRescorer() {}

  /**
   * Gives documents their exact scores.
   *
   * @param reader the reader that numbered the documents
   * @param target what was looked for
   * @param docs distinct documents in any order; those without a vector are left out
   * @return best first
   */
  static ScoreDoc[] score(IndexReader reader, KnnSpec target, int[] docs) throws IOException {
    // Ascending documents read the vector file forward and every segment once.
    int[] ascending = docs.clone();
    Arrays.sort(ascending);
    List<LeafReaderContext> leaves = reader.leaves();
    List<ScoreDoc> scored = new ArrayList<>(docs.length);
    int done = 0;
    while (done < ascending.length) {
      LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(ascending[done], leaves));
      int end = leaf.docBase + leaf.reader().maxDoc();
      Optional<LeafScorer> scorer = LeafScorer.of(leaf, target);
      for (; done < ascending.length && ascending[done] < end; done++) {
        int doc = ascending[done];
        if (scorer.isPresent() && scorer.get().moveTo(doc - leaf.docBase)) {
          scored.add(new ScoreDoc(doc, scorer.get().score()));
        }
      }
    }
    scored.sort(BEST_FIRST);
    return scored.toArray(ScoreDoc[]::new);
  }

  /** Exact scores within one segment, for ascending documents. */
  // Compared by nobody, so that the array does no harm.
  @SuppressWarnings("ArrayRecordComponent")
  record LeafScorer(StoredVectors vectors, VectorSimilarityFunction similarity, float[] target) {

    /** Empty if no document of the segment has a vector. */
    static Optional<LeafScorer> of(LeafReaderContext leaf, KnnSpec target) throws IOException {
      return LuceneShim.vectors(leaf.reader(), target.field())
          .map(
              vectors ->
                  new LeafScorer(
                      vectors,
                      leaf.reader()
                          .getFieldInfos()
                          .fieldInfo(target.field())
                          .getVectorSimilarityFunction(),
                      target.vector()));
    }

    /** The documents of the segment that have a vector. */
    DocIdSetIterator documents() {
      return vectors.documents();
    }

    /** Score of the document on which {@link #documents} stands. */
    float score() throws IOException {
      return similarity.compare(target, vectors.vector());
    }

    /** Goes to a document that is not before the current one; false if it has no vector. */
    boolean moveTo(int doc) throws IOException {
      int current = documents().docID();
      return (current < doc ? documents().advance(doc) : current) == doc;
    }
  }
}

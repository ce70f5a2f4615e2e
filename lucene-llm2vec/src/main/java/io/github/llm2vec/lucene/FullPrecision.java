/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
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

/** Scores documents from the full floats that Lucene keeps beside quantised vectors. */
final class FullPrecision {

  /** Best first; equal scores in the order of the documents, as Lucene sorts. */
  static final Comparator<ScoreDoc> BEST_FIRST =
      Comparator.<ScoreDoc>comparingDouble(hit -> -hit.score).thenComparingInt(hit -> hit.doc);

  private FullPrecision() {}

  /**
   * Replaces the scores of hits by exact ones.
   *
   * @param reader the reader that numbered the hits
   * @param target what was looked for
   * @param hits documents that have a vector, in any order
   * @return the same documents, best first
   */
  static ScoreDoc[] rescore(IndexReader reader, KnnTarget target, ScoreDoc[] hits)
      throws IOException {
    // Ascending documents read the vector file forward and every segment once.
    ScoreDoc[] byDocument = hits.clone();
    Arrays.sort(byDocument, Comparator.comparingInt(hit -> hit.doc));
    List<LeafReaderContext> leaves = reader.leaves();
    ScoreDoc[] rescored = new ScoreDoc[hits.length];
    int done = 0;
    while (done < byDocument.length) {
      LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(byDocument[done].doc, leaves));
      LeafScorer scorer =
          LeafScorer.of(leaf, target)
              .orElseThrow(() -> new IllegalStateException("hit without vector; this is a bug"));
      int end = leaf.docBase + leaf.reader().maxDoc();
      for (; done < byDocument.length && byDocument[done].doc < end; done++) {
        int doc = byDocument[done].doc;
        rescored[done] = new ScoreDoc(doc, scorer.score(doc - leaf.docBase));
      }
    }
    Arrays.sort(rescored, BEST_FIRST);
    return rescored;
  }

  /** Exact scores within one segment, for ascending documents. */
  static final class LeafScorer {
    private final StoredVectors vectors;
    private final VectorSimilarityFunction similarity;
    private final float[] target;

    private LeafScorer(StoredVectors vectors, VectorSimilarityFunction similarity, float[] target) {
      this.vectors = vectors;
      this.similarity = similarity;
      this.target = target;
    }

    /** Empty if no document of the segment has a vector. */
    static Optional<LeafScorer> of(LeafReaderContext leaf, KnnTarget target) throws IOException {
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

    private float score(int doc) throws IOException {
      if (documents().advance(doc) != doc) {
        throw new IllegalStateException("document " + doc + " has no vector; this is a bug");
      }
      return score();
    }
  }
}

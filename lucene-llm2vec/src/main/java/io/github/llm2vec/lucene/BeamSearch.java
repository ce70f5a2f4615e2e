/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.DiversifyingChildrenFloatKnnVectorQuery;

/** Walks the graphs of an index with a beam that is wider than the number of hits it returns. */
sealed interface BeamSearch {

  /** Every document is a hit of its own. */
  BeamSearch DOCUMENTS = new Documents();

  /**
   * Searches all segments.
   *
   * @param searcher whose executor runs the segments
   * @param target what is looked for
   * @param efSearch width of the beam in each segment
   * @param keep hits to return, at most {@code efSearch}
   * @return the best hits by the scores of the graph, best first
   */
  TopDocs candidates(IndexSearcher searcher, KnnTarget target, int efSearch, int keep)
      throws IOException;

  private static TopDocs none() {
    return new TopDocs(new TotalHits(0, TotalHits.Relation.EQUAL_TO), new ScoreDoc[0]);
  }

  /** See {@link #DOCUMENTS}. */
  record Documents() implements BeamSearch {
    @Override
    public TopDocs candidates(IndexSearcher searcher, KnnTarget target, int efSearch, int keep)
        throws IOException {
      DocumentBeam beam = new DocumentBeam(target, efSearch, keep);
      beam.rewrite(searcher);
      return beam.merged;
    }
  }

  /**
   * Hits are passages, at most one per parent document.
   *
   * @param parents tells parents from their passages
   */
  record Passages(BitSetProducer parents) implements BeamSearch {
    @Override
    public TopDocs candidates(IndexSearcher searcher, KnnTarget target, int efSearch, int keep)
        throws IOException {
      PassageBeam beam = new PassageBeam(target, efSearch, keep, parents);
      beam.rewrite(searcher);
      return beam.merged;
    }
  }

  /**
   * Lucene searches while it rewrites the query and shows the merged hits to this method only, so
   * an instance serves one search and keeps them.
   */
  final class DocumentBeam extends KnnFloatVectorQuery {
    private final int keep;
    private TopDocs merged = none();

    private DocumentBeam(KnnTarget target, int efSearch, int keep) {
      super(target.field(), target.vector(), efSearch, target.restriction().orElse(null));
      this.keep = keep;
    }

    @Override
    protected TopDocs mergeLeafResults(TopDocs[] perLeafResults) {
      merged = TopDocs.merge(keep, perLeafResults);
      return merged;
    }
  }

  /** The same for passages. */
  final class PassageBeam extends DiversifyingChildrenFloatKnnVectorQuery {
    private final int keep;
    private TopDocs merged = none();

    private PassageBeam(KnnTarget target, int efSearch, int keep, BitSetProducer parents) {
      super(target.field(), target.vector(), target.restriction().orElse(null), efSearch, parents);
      this.keep = keep;
    }

    @Override
    protected TopDocs mergeLeafResults(TopDocs[] perLeafResults) {
      merged = TopDocs.merge(keep, perLeafResults);
      return merged;
    }
  }
}

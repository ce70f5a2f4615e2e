/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.DiversifyingChildrenFloatKnnVectorQuery;
import org.apache.lucene.util.BitSet;

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

  /**
   * Finds the exact scores of candidates.
   *
   * @param reader the reader that numbered the hits
   * @param target what was looked for
   * @param hits what {@link #candidates} returned
   * @return best first
   */
  ScoreDoc[] rescore(IndexReader reader, KnnTarget target, ScoreDoc[] hits) throws IOException;

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

    @Override
    public ScoreDoc[] rescore(IndexReader reader, KnnTarget target, ScoreDoc[] hits)
        throws IOException {
      return FullPrecision.score(
          reader, target, Arrays.stream(hits).mapToInt(hit -> hit.doc).toArray());
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

    /**
     * Scores all passages of the candidates' documents, because quantised scores may have chosen
     * another passage than the best. They stand side by side in the vector file.
     */
    @Override
    public ScoreDoc[] rescore(IndexReader reader, KnnTarget target, ScoreDoc[] hits)
        throws IOException {
      Map<Integer, Integer> documentOf = new HashMap<>();
      for (ScoreDoc hit : hits) {
        LeafReaderContext leaf = reader.leaves().get(ReaderUtil.subIndex(hit.doc, reader.leaves()));
        BitSet documents = parents.getBitSet(leaf);
        int document = documents.nextSetBit(hit.doc - leaf.docBase);
        int before = document == 0 ? -1 : documents.prevSetBit(document - 1);
        for (int passage = before + 1; passage < document; passage++) {
          documentOf.put(leaf.docBase + passage, leaf.docBase + document);
        }
      }
      int[] passages = documentOf.keySet().stream().mapToInt(Integer::intValue).toArray();
      Set<Integer> seen = new HashSet<>();
      return Arrays.stream(FullPrecision.score(reader, target, passages))
          .filter(hit -> seen.add(documentOf.get(hit.doc)))
          .toArray(ScoreDoc[]::new);
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

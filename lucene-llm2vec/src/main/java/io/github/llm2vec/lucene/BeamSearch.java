/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.lucene.ScoredDocsQuery.HitExplainer;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
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
  TopDocs candidates(IndexSearcher searcher, KnnSpec target, int efSearch, int keep)
      throws IOException;

  /**
   * Finds the exact scores of candidates.
   *
   * @param reader the reader that numbered the hits
   * @param target what was looked for
   * @param hits what {@link #candidates} returned
   * @return best first
   */
  ScoreDoc[] rescore(IndexReader reader, KnnSpec target, ScoreDoc[] hits) throws IOException;

  /** Lucene goes on to sort the array that it gets by documents. */
  private static TopDocs bestFirst(TopDocs best) {
    return new TopDocs(best.totalHits, best.scoreDocs.clone());
  }

  private static TopDocs none() {
    return new TopDocs(new TotalHits(0, TotalHits.Relation.EQUAL_TO), new ScoreDoc[0]);
  }

  /** See {@link #DOCUMENTS}. */
  record Documents() implements BeamSearch {
    @Override
    public TopDocs candidates(IndexSearcher searcher, KnnSpec target, int efSearch, int keep)
        throws IOException {
      DocumentBeam beam = new DocumentBeam(target, efSearch, keep);
      beam.rewrite(searcher);
      return beam.merged;
    }

    @Override
    public ScoreDoc[] rescore(IndexReader reader, KnnSpec target, ScoreDoc[] hits)
        throws IOException {
      return ExactRescorer.score(
          reader, target, Arrays.stream(hits).mapToInt(hit -> hit.doc).toArray());
    }

    @Override
    public Query hits(IndexReader reader, KnnSpec target, ScoreDoc[] best) {
      return ScoredDocsQuery.of(reader, best, ranked(target, best, ""));
    }
  }

  /**
   * Another query walks the graph.
   *
   * @param nearest finds and scores documents by their vectors
   */
  record Given(Query nearest) implements BeamSearch {
    @Override
    public TopDocs candidates(IndexSearcher searcher, KnnSpec target, int efSearch, int keep)
        throws IOException {
      return searcher.search(nearest, keep);
    }

    @Override
    public ScoreDoc[] rescore(IndexReader reader, KnnSpec target, ScoreDoc[] hits)
        throws IOException {
      return DOCUMENTS.rescore(reader, target, hits);
    }

    @Override
    public Query hits(IndexReader reader, KnnSpec target, ScoreDoc[] best) throws IOException {
      return DOCUMENTS.hits(reader, target, best);
    }
  }

  /**
   * Turns the best candidates into the query that finds them.
   *
   * @param best what {@link #candidates} or {@link #rescore} returned, cut to {@code k}
   */
  Query hits(IndexReader reader, KnnSpec target, ScoreDoc[] best) throws IOException;

  private static HitExplainer ranked(KnnSpec target, ScoreDoc[] best, String of) {
    Map<Integer, Integer> ranks = new HashMap<>();
    for (int i = 0; i < best.length; i++) {
      ranks.put(best[i].doc, i + 1);
    }
    return (doc, score) ->
        Explanation.match(
            score,
            "rank %s of the %s nearest%s by field '%s'"
                .formatted(ranks.get(doc), best.length, of, target.field()));
  }

  /**
   * Hits are found by passages, at most one per parent document.
   *
   * @param parents tells parents from their passages
   * @param shape what comes out
   */
  record Passages(BitSetProducer parents, PassageHits shape) implements BeamSearch {
    @Override
    public TopDocs candidates(IndexSearcher searcher, KnnSpec target, int efSearch, int keep)
        throws IOException {
      PassageBeam beam = new PassageBeam(target, efSearch, keep, parents);
      beam.rewrite(searcher);
      return beam.merged;
    }

    /**
     * Scores all passages of the candidates' documents, because quantised scores may have chosen
     * another passage than the best. They stand side by side in the vector file. Where the filter
     * is one of passages, only those that were found are known to pass it.
     */
    @Override
    public ScoreDoc[] rescore(IndexReader reader, KnnSpec target, ScoreDoc[] hits)
        throws IOException {
      if (shape == PassageHits.FILTERED_PASSAGES) {
        return DOCUMENTS.rescore(reader, target, hits);
      }
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
      return Arrays.stream(ExactRescorer.score(reader, target, passages))
          .filter(hit -> seen.add(documentOf.get(hit.doc)))
          .toArray(ScoreDoc[]::new);
    }

    @Override
    public Query hits(IndexReader reader, KnnSpec target, ScoreDoc[] best) throws IOException {
      if (shape != PassageHits.DOCUMENTS) {
        return ScoredDocsQuery.of(reader, best, ranked(target, best, " passages, one a document,"));
      }
      ScoreDoc[] documents = new ScoreDoc[best.length];
      for (int i = 0; i < best.length; i++) {
        LeafReaderContext leaf =
            reader.leaves().get(ReaderUtil.subIndex(best[i].doc, reader.leaves()));
        int document = parents.getBitSet(leaf).nextSetBit(best[i].doc - leaf.docBase);
        documents[i] = new ScoreDoc(leaf.docBase + document, best[i].score);
      }
      return ScoredDocsQuery.of(
          reader, documents, ranked(target, documents, " documents by their best passages"));
    }
  }

  /** What a search over passages returns. */
  enum PassageHits {
    /** Passages; the filter lets all passages of a document through or none. */
    PASSAGES,
    /** Passages; the filter may choose among the passages of a document. */
    FILTERED_PASSAGES,
    /** The documents of the passages; the filter is as for {@link #PASSAGES}. */
    DOCUMENTS
  }

  /**
   * Lucene searches while it rewrites the query and shows the merged hits to this method only, so
   * an instance serves one search and keeps them.
   */
  final class DocumentBeam extends KnnFloatVectorQuery {
    private final int keep;
    private TopDocs merged = none();

    private DocumentBeam(KnnSpec target, int efSearch, int keep) {
      super(target.field(), target.vector(), efSearch, target.restriction().orElse(null));
      this.keep = keep;
    }

    @Override
    protected TopDocs mergeLeafResults(TopDocs[] perLeafResults) {
      TopDocs best = TopDocs.merge(keep, perLeafResults);
      merged = bestFirst(best);
      return best;
    }
  }

  /** The same for passages. */
  final class PassageBeam extends DiversifyingChildrenFloatKnnVectorQuery {
    private final int keep;
    private TopDocs merged = none();

    private PassageBeam(KnnSpec target, int efSearch, int keep, BitSetProducer parents) {
      super(target.field(), target.vector(), target.restriction().orElse(null), efSearch, parents);
      this.keep = keep;
    }

    @Override
    protected TopDocs mergeLeafResults(TopDocs[] perLeafResults) {
      TopDocs best = TopDocs.merge(keep, perLeafResults);
      merged = bestFirst(best);
      return best;
    }
  }
}

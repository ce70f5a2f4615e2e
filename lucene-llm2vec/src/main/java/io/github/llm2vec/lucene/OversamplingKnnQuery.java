/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;

/**
 * Nearest neighbours by the graph of the index, with a beam of its own and, on quantised fields,
 * exact scores: walk with {@code efSearch}, take the best {@code k * overfetch}, score these from
 * the full vectors, return the best {@code k}.
 */
final class OversamplingKnnQuery extends Query {

  private final KnnSpec target;
  private final KnnOptions options;
  private final BeamSearch search;

  OversamplingKnnQuery(KnnSpec target, KnnOptions options, BeamSearch search) {
    this.target = target;
    this.options = options;
    this.search = search;
  }

  @Override
  public Query rewrite(IndexSearcher searcher) throws IOException {
    IndexReader reader = searcher.getIndexReader();
    if (reader.maxDoc() == 0) {
      return new MatchNoDocsQuery("the index is empty");
    }
    VectorFieldChecks.requireSearchable(reader, target.field(), target.vector().length);
    float minScore =
        options.minCosine() > -1
            ? VectorFieldChecks.scoreOfCosine(reader, target.field(), options.minCosine())
            : 0;
    boolean rescore =
        options.overfetch() > 1 && VectorFieldChecks.isQuantized(reader, target.field());

    // Lucene allocates heaps of this size per segment; more than all documents is waste.
    int efSearch = Math.min(options.efSearch(), reader.maxDoc());
    int keep = Math.min(rescore ? options.candidates() : options.k(), efSearch);
    KnnSpec wanted = target.rewritten(searcher);
    ScoreDoc[] hits = search.candidates(composite(searcher), wanted, efSearch, keep).scoreDocs;
    if (rescore) {
      hits = search.rescore(reader, target, hits);
    }
    ScoreDoc[] best =
        Arrays.stream(hits)
            .limit(options.k())
            .filter(hit -> hit.score >= minScore)
            .toArray(ScoreDoc[]::new);
    return search.hits(reader, target, best);
  }

  /**
   * A searcher over a reader of segments. Lucene 10.3 looks for the index around a segment and
   * fails where a searcher has none but that segment.
   */
  private static IndexSearcher composite(IndexSearcher searcher) throws IOException {
    if (!(searcher.getTopReaderContext() instanceof LeafReaderContext segment)) {
      return searcher;
    }
    IndexSearcher composite =
        new IndexSearcher(new MultiReader(new IndexReader[] {segment.reader()}, false));
    composite.setTimeout(searcher.getTimeout());
    return composite;
  }

  @Override
  public void visit(QueryVisitor visitor) {
    if (visitor.acceptField(target.field())) {
      visitor.visitLeaf(this);
    }
  }

  @Override
  public String toString(String field) {
    String own = "Knn:" + target + options;
    return search instanceof BeamSearch.Given given ? own + "[" + given.nearest() + "]" : own;
  }

  @Override
  public boolean equals(Object other) {
    return sameClassAs(other)
        && target.equals(((OversamplingKnnQuery) other).target)
        && options.equals(((OversamplingKnnQuery) other).options)
        && search.equals(((OversamplingKnnQuery) other).search);
  }

  @Override
  public int hashCode() {
    return Objects.hash(classHash(), target, options, search);
  }
}

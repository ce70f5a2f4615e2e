/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;

/**
 * Searches by words and by vectors and fuses both rankings, see {@link HybridFusion}. Words find
 * names and numbers that a model blurs, vectors find what is said in other words.
 *
 * <p>Thread-safe. Neither the searcher nor the encoder is closed by this class.
 */
public final class HybridSearcher {

  private static final Query ALL = new MatchAllDocsQuery();

  private final IndexSearcher searcher;
  private final Function<String, Query> words;
  private final VectorSearch vectors;

  private HybridSearcher(
      IndexSearcher searcher, Function<String, Query> words, VectorSearch vectors) {
    this.searcher = Objects.requireNonNull(searcher, "searcher");
    this.words = Objects.requireNonNull(words, "words");
    this.vectors = vectors;
  }

  /**
   * Searches an index in which every document has one vector.
   *
   * @param searcher of the index
   * @param field the vectors, checked against the index
   * @param words makes the query for the words of a text, see {@link WordQueries#anyWord}
   * @throws IllegalArgumentException if the index was not written with the field
   */
  public static HybridSearcher overDocuments(
      IndexSearcher searcher, TextVectorField field, Function<String, Query> words) {
    field.checkAgainst(searcher.getIndexReader());
    return new HybridSearcher(
        searcher,
        words,
        (text, options, filter) -> documents(searcher, field, text, options, filter));
  }

  /**
   * Searches an index of documents that were cut into passages: words find documents, vectors find
   * passages and through them their documents.
   *
   * @param passages searches the passages
   * @param words makes the query for the words of a text
   */
  public static HybridSearcher overPassages(
      PassageSearcher passages, Function<String, Query> words) {
    return new HybridSearcher(
        passages.searcher(),
        words,
        (text, options, filter) -> ofPassages(passages.search(text, options, filter)));
  }

  /** Searches all documents. */
  public List<HybridHit> search(String text, HybridOptions options) throws IOException {
    return search(text, options, ALL);
  }

  /**
   * Searches the documents that match a filter.
   *
   * @param text a query that is not blank
   * @param options how far to search
   * @param filter which documents may be hits
   * @return best first
   */
  public List<HybridHit> search(String text, HybridOptions options, Query filter)
      throws IOException {
    VectorHits nearest = vectors.search(text, options.vectors(), filter);
    Query matching =
        new BooleanQuery.Builder()
            .add(words.apply(text), BooleanClause.Occur.MUST)
            .add(filter, BooleanClause.Occur.FILTER)
            .build();
    TopDocs worded = searcher.search(matching, options.words());
    List<FusedHit> fused = options.fusion().fuse(worded, nearest.ranking(), options.topN());
    List<HybridHit> hits = new ArrayList<>(fused.size());
    for (FusedHit hit : fused) {
      hits.add(
          new HybridHit(
              hit.doc(),
              hit.score(),
              hit.ranks().get(0),
              hit.ranks().get(1),
              nearest.passages().getOrDefault(hit.doc(), List.of())));
    }
    return hits;
  }

  private static VectorHits documents(
      IndexSearcher searcher, TextVectorField field, String text, KnnOptions options, Query filter)
      throws IOException {
    Query query = Llm2VecQueries.knn(field, text, options, filter);
    return new VectorHits(searcher.search(query, options.k()), Map.of());
  }

  private static VectorHits ofPassages(List<PassageHit> hits) {
    ScoreDoc[] documents = new ScoreDoc[hits.size()];
    Map<Integer, List<PassageHit>> passages = new HashMap<>();
    for (int i = 0; i < documents.length; i++) {
      PassageHit hit = hits.get(i);
      documents[i] = new ScoreDoc(hit.doc(), hit.score());
      passages.put(hit.doc(), List.of(hit));
    }
    TotalHits total = new TotalHits(documents.length, TotalHits.Relation.EQUAL_TO);
    return new VectorHits(new TopDocs(total, documents), passages);
  }

  /** How the vectors find documents. */
  @FunctionalInterface
  private interface VectorSearch {
    VectorHits search(String text, KnnOptions options, Query filter) throws IOException;
  }

  private record VectorHits(TopDocs ranking, Map<Integer, List<PassageHit>> passages) {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.search.SearchOptions.SearchMode;
import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.HybridHit;
import io.github.llm2vec.lucene.HybridOptions;
import io.github.llm2vec.lucene.HybridSearcher;
import io.github.llm2vec.lucene.IndexFields;
import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.lucene.Llm2VecQueries;
import io.github.llm2vec.lucene.PassageHit;
import io.github.llm2vec.lucene.PassageSearcher;
import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.lucene.TextVectorField;
import io.github.llm2vec.lucene.WordQueries;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;

/** Answers queries on a {@link CorpusIndex}. Owns its reader. */
public final class CorpusSearcher implements Closeable {

  /**
   * A document that was found.
   *
   * @param id its id in the collection
   * @param title its title, or ""
   * @param text its text
   * @param score what it was ranked by; the higher the better
   * @param passage where in the text its best passage is, if passages were searched and found it
   */
  public record SearchHit(
      String id, String title, String text, double score, Optional<TextRange> passage) {

    /** A document that was found as a whole. */
    public SearchHit(String id, String title, String text, double score) {
      this(id, title, text, score, Optional.empty());
    }
  }

  /**
   * Settings with which an index is searched.
   *
   * @param mode what is compared
   * @param nearest how far the graph is walked; its {@code k} is the most hits
   * @param exact whether a dense search compares every vector instead of walking the graph
   * @param fusion how a hybrid search makes one ranking of two
   */
  public record Searching(
      SearchMode mode, KnnOptions nearest, boolean exact, HybridFusion fusion) {}

  private static final IndexFields FIELDS = IndexFields.DEFAULTS;

  private final DirectoryReader reader;
  private final TextVectorField field;
  private final IndexSearcher searcher;
  private final Function<String, Query> words;
  private final Optional<PassageSearcher> passages;

  /** Takes the reader over; {@code cut} says that it holds passages. */
  CorpusSearcher(DirectoryReader reader, TextVectorField field, Analyzer analyzer, boolean cut)
      throws IOException {
    this.reader = reader;
    this.field = field;
    this.searcher = new IndexSearcher(reader);
    this.passages =
        cut ? Optional.of(new PassageSearcher(searcher, field, FIELDS)) : Optional.empty();
    this.words = WordQueries.anyWord(analyzer, Map.of(FIELDS.title(), 1f, FIELDS.text(), 1f));
  }

  /** Documents in the index. */
  public int documents() throws IOException {
    // Passages have none.
    return searcher.count(new FieldExistsQuery(IndexedTexts.HASH_FIELD));
  }

  /**
   * Searches.
   *
   * @param query a text that is not blank
   * @param how how far, and by what
   * @return best first
   * @throws IllegalArgumentException if an index of passages is to be searched exactly
   */
  public List<SearchHit> search(String query, Searching how) throws IOException {
    KnnOptions nearest = how.nearest();
    boolean exact = how.exact();
    int topK = nearest.k();
    return switch (how.mode()) {
      case BM25 -> search(words.apply(query), topK);
      case DENSE ->
          passages.isPresent()
              ? byPassages(passages.get(), query, nearest, exact)
              : search(
                  exact
                      ? Llm2VecQueries.exact(field, query, topK)
                      : Llm2VecQueries.knn(field, query, nearest),
                  topK);
      case HYBRID -> hybrid(query, nearest, how.fusion());
    };
  }

  private List<SearchHit> search(Query query, int topK) throws IOException {
    List<SearchHit> hits = new ArrayList<>();
    for (ScoreDoc hit : searcher.search(query, topK).scoreDocs) {
      hits.add(hit(hit.doc, hit.score, Optional.empty()));
    }
    return hits;
  }

  private List<SearchHit> byPassages(
      PassageSearcher searched, String query, KnnOptions nearest, boolean exact)
      throws IOException {
    if (exact) {
      throw new IllegalArgumentException(
          "--exact compares whole documents, and this index holds passages; raise --ef-search");
    }
    List<SearchHit> hits = new ArrayList<>();
    for (PassageHit hit : searched.search(query, nearest)) {
      hits.add(hit(hit.doc(), hit.score(), Optional.of(hit.range())));
    }
    return hits;
  }

  private List<SearchHit> hybrid(String query, KnnOptions nearest, HybridFusion fusion)
      throws IOException {
    HybridOptions options = HybridOptions.top(nearest.k()).withFusion(fusion);
    KnnOptions deep = options.vectors();
    // More documents enter the fusion than come out of it.
    int efSearch = Math.max(deep.efSearch(), nearest.efSearch());
    HybridSearcher hybrid =
        passages
            .map(searched -> HybridSearcher.overPassages(searched, words))
            .orElseGet(() -> HybridSearcher.overDocuments(searcher, field, words));
    List<SearchHit> hits = new ArrayList<>();
    for (HybridHit hit : hybrid.search(query, options.withVectors(deep.withEfSearch(efSearch)))) {
      hits.add(
          hit(hit.doc(), hit.score(), hit.passages().stream().findFirst().map(PassageHit::range)));
    }
    return hits;
  }

  private SearchHit hit(int doc, double score, Optional<TextRange> passage) throws IOException {
    Document stored =
        searcher.storedFields().document(doc, Set.of(FIELDS.id(), FIELDS.title(), FIELDS.text()));
    return new SearchHit(
        stored.get(FIELDS.id()),
        text(stored, FIELDS.title()),
        text(stored, FIELDS.text()),
        score,
        passage);
  }

  private static String text(Document stored, String name) {
    String value = stored.get(name);
    return value == null ? "" : value;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}

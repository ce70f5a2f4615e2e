/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.QueryBitSetProducer;
import org.apache.lucene.search.join.ToChildBlockJoinQuery;
import org.apache.lucene.util.BitSet;

/**
 * Finds documents by their best passages, in an index that {@link Llm2VecIndexer#ofPassages} wrote.
 * The search keeps one passage per document while it walks the graph, so {@code k} documents come
 * back even if one of them has the {@code k} nearest passages.
 *
 * <p>Thread-safe. Neither the searcher nor the encoder is closed by this class.
 */
public final class PassageSearcher {

  private static final Query DOCUMENTS =
      new TermQuery(new Term(IndexFields.KIND, IndexFields.DOCUMENT));

  private final IndexSearcher searcher;
  private final TextVectorField field;
  private final IndexFields fields;
  private final BitSetProducer documents = new QueryBitSetProducer(DOCUMENTS);

  /**
   * @param searcher of the index
   * @param field the vectors, checked against the index
   * @param fields the fields that the index was written with
   * @throws IllegalArgumentException if the index was not written with the field or not in passages
   */
  public PassageSearcher(IndexSearcher searcher, TextVectorField field, IndexFields fields)
      throws IOException {
    this.searcher = Objects.requireNonNull(searcher, "searcher");
    this.field = Objects.requireNonNull(field, "field");
    this.fields = Objects.requireNonNull(fields, "fields");
    field.checkAgainst(searcher.getIndexReader());
    for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
      if (leaf.reader().terms(IndexFields.KIND) == null) {
        throw new IllegalArgumentException(
            "the index holds documents that were not cut into passages; search it with"
                + " Llm2VecQueries.knn, or index it again with Llm2VecIndexer.ofPassages");
      }
    }
  }

  IndexSearcher searcher() {
    return searcher;
  }

  /** Searches all documents. */
  public List<PassageHit> search(String text, KnnOptions options) throws IOException {
    return search(text, options, new MatchAllDocsQuery());
  }

  /**
   * Searches the documents that match a filter.
   *
   * @param text what to search
   * @param options how far to search; {@code k} counts documents
   * @param filter matches documents, not passages
   * @return one hit per document, best first
   */
  public List<PassageHit> search(String text, KnnOptions options, Query filter) throws IOException {
    ScoreDoc[] passages = searcher.search(query(text, options, filter), options.k()).scoreDocs;
    StoredFields stored = searcher.storedFields();
    List<PassageHit> hits = new ArrayList<>(passages.length);
    for (ScoreDoc passage : passages) {
      int doc = documentOf(passage.doc);
      Document place =
          stored.document(passage.doc, Set.of(IndexFields.PASSAGE_START, IndexFields.PASSAGE_END));
      TextRange range =
          new TextRange(
              place.getField(IndexFields.PASSAGE_START).numericValue().intValue(),
              place.getField(IndexFields.PASSAGE_END).numericValue().intValue());
      String whole = stored.document(doc, Set.of(fields.text())).get(fields.text());
      hits.add(new PassageHit(doc, passage.score, range, range.of(whole)));
    }
    return hits;
  }

  /**
   * The query for the best passages, one per document, for use with other Lucene queries: its hits
   * are passages, which {@code ToParentBlockJoinQuery} turns into documents.
   *
   * @param text what to search
   * @param options how far to search; {@code k} counts documents
   * @param filter matches documents, not passages
   */
  public Query query(String text, KnnOptions options, Query filter) {
    Query ofPassages =
        filter instanceof MatchAllDocsQuery
            ? filter
            : new ToChildBlockJoinQuery(onlyDocuments(filter), documents);
    KnnSpec target = new KnnSpec(field.name(), field.queryVector(text), ofPassages);
    return new OversamplingKnnQuery(
        target, options, new BeamSearch.Passages(documents, BeamSearch.PassageHits.PASSAGES));
  }

  /** Lucene's join fails on a filter that matches passages, for example one that excludes. */
  private static Query onlyDocuments(Query filter) {
    return new BooleanQuery.Builder()
        .add(filter, BooleanClause.Occur.FILTER)
        .add(DOCUMENTS, BooleanClause.Occur.FILTER)
        .build();
  }

  private int documentOf(int passage) throws IOException {
    List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
    LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(passage, leaves));
    BitSet parents = documents.getBitSet(leaf);
    return leaf.docBase + parents.nextSetBit(passage - leaf.docBase);
  }
}

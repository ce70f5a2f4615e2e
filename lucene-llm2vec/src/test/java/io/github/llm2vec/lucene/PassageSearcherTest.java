/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.join.QueryBitSetProducer;
import org.apache.lucene.search.join.ScoreMode;
import org.apache.lucene.search.join.ToParentBlockJoinQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PassageSearcherTest {

  private static final int WINDOW = 12;
  private static final int OVERLAP = 4;
  private static final KnnOptions ALL_OF_THEM = KnnOptions.top(10).withEfSearch(1000);

  private final TextVectorField field =
      TextVectorField.normalized("vector", new HashedWordsEncoder(32));
  private final PassageSplitter splitter =
      new PassageSplitter(TokenWindows.whitespace(), WINDOW, OVERLAP);
  private final List<SourceDocument> sources = sources();
  private final Directory directory = new ByteBuffersDirectory();

  @AfterEach
  void close() throws IOException {
    directory.close();
  }

  /** Documents of 5 to 200 words from a small vocabulary; the even ones are marked. */
  private static List<SourceDocument> sources() {
    Random random = new Random(21);
    List<SourceDocument> sources = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      StringBuilder text = new StringBuilder();
      int words = 5 + random.nextInt(196);
      for (int j = 0; j < words; j++) {
        text.append("w").append(random.nextInt(300)).append(j % 7 == 6 ? "\n" : " ");
      }
      sources.add(
          new SourceDocument(
              "d" + i,
              "title" + i % 5,
              text.toString(),
              List.of(new StringField("parity", i % 2 == 0 ? "even" : "odd", Field.Store.NO))));
    }
    return sources;
  }

  @ParameterizedTest
  @EnumSource(
      value = VectorQuantization.class,
      names = {"FLOAT32", "INT8", "INT4"})
  void findsTheDocumentsWithTheBestPassages(VectorQuantization quantization) throws Exception {
    KnnOptions options = ALL_OF_THEM.withOverfetch(6);
    try (DirectoryReader reader = index(quantization)) {
      PassageSearcher searcher =
          new PassageSearcher(new IndexSearcher(reader), field, IndexFields.DEFAULTS);
      for (String query : List.of("w1 w2 w3", "title3 w77", sources.get(9).text())) {
        List<PassageHit> hits = searcher.search(query, options);
        List<Best> expected = best(query, 1);
        assertEquals(10, hits.size());
        for (int i = 0; i < 10; i++) {
          assertEquals(expected.get(i).id(), id(reader, hits.get(i).doc()));
          assertEquals(expected.get(i).range(), hits.get(i).range());
          assertEquals(expected.get(i).score(), hits.get(i).score(), 1e-6);
        }
      }
    }
  }

  @Test
  void returnsTheTextOfTheBestPassage() throws Exception {
    try (DirectoryReader reader = index(VectorQuantization.FLOAT32)) {
      PassageSearcher searcher =
          new PassageSearcher(new IndexSearcher(reader), field, IndexFields.DEFAULTS);
      SourceDocument source = sources.get(30);
      TextRange wanted = splitter.split(source.text()).get(1);
      String passage = wanted.of(source.text());
      PassageHit hit = searcher.search(source.title() + " " + passage, ALL_OF_THEM).get(0);
      assertEquals("d30", id(reader, hit.doc()));
      assertEquals(wanted, hit.range());
      assertEquals(passage, hit.text());
      assertEquals(1, hit.score(), 1e-5);
    }
  }

  @Test
  void filtersByTheFieldsOfTheDocument() throws Exception {
    try (DirectoryReader reader = index(VectorQuantization.FLOAT32)) {
      PassageSearcher searcher =
          new PassageSearcher(new IndexSearcher(reader), field, IndexFields.DEFAULTS);
      Query even = new TermQuery(new Term("parity", "even"));
      Query notOdd =
          new BooleanQuery.Builder()
              .add(new MatchAllDocsQuery(), BooleanClause.Occur.MUST)
              .add(new TermQuery(new Term("parity", "odd")), BooleanClause.Occur.MUST_NOT)
              .build();
      List<String> expected = best("w5 w6", 2).stream().limit(10).map(Best::id).toList();
      for (Query filter : List.of(even, notOdd)) {
        List<String> found = new ArrayList<>();
        for (PassageHit hit : searcher.search("w5 w6", ALL_OF_THEM, filter)) {
          found.add(id(reader, hit.doc()));
        }
        assertEquals(expected, found);
      }
    }
  }

  @Test
  void itsQueryJoinsToDocuments() throws Exception {
    try (DirectoryReader reader = index(VectorQuantization.FLOAT32)) {
      IndexSearcher lucene = new IndexSearcher(reader);
      PassageSearcher searcher = new PassageSearcher(lucene, field, IndexFields.DEFAULTS);
      Query passages = searcher.query("w1 w2 w3", ALL_OF_THEM, new MatchAllDocsQuery());
      TopDocs documents =
          lucene.search(
              new ToParentBlockJoinQuery(
                  passages,
                  new QueryBitSetProducer(new TermQuery(new Term("_kind_", "document"))),
                  ScoreMode.Max),
              100);
      Set<String> joined = new TreeSet<>();
      for (var hit : documents.scoreDocs) {
        joined.add(id(reader, hit.doc));
      }
      Set<String> expected = new TreeSet<>();
      best("w1 w2 w3", 1).stream().limit(10).forEach(hit -> expected.add(hit.id()));
      assertEquals(expected, joined);
    }
  }

  @Test
  void rejectsAnIndexWithoutPassages() throws Exception {
    try (IndexWriter writer = writer(VectorQuantization.FLOAT32)) {
      Llm2VecIndexer.ofDocuments(writer, field, IndexingOptions.DEFAULTS).index(sources.iterator());
    }
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      assertEquals(
          "the index holds documents that were not cut into passages; search it with"
              + " Llm2VecQueries.knn, or index it again with Llm2VecIndexer.ofPassages",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new PassageSearcher(new IndexSearcher(reader), field, IndexFields.DEFAULTS))
              .getMessage());
    }
  }

  private IndexWriter writer(VectorQuantization quantization) throws IOException {
    return new IndexWriter(
        directory,
        Llm2VecCodec.writerConfig(
            new StandardAnalyzer(), VectorFormatOptions.DEFAULTS.withQuantization(quantization)));
  }

  /** Indexes in two segments. */
  private DirectoryReader index(VectorQuantization quantization) throws IOException {
    try (IndexWriter writer = writer(quantization)) {
      Llm2VecIndexer indexer =
          Llm2VecIndexer.ofPassages(writer, field, IndexingOptions.DEFAULTS, splitter);
      indexer.index(sources.subList(0, 30).iterator());
      writer.flush();
      indexer.index(sources.subList(30, 60).iterator());
    }
    return DirectoryReader.open(directory);
  }

  private static String id(DirectoryReader reader, int doc) throws IOException {
    return reader.storedFields().document(doc).get("id");
  }

  private record Best(String id, TextRange range, float score) {}

  /** The best passage of every {@code step}th document, best first, straight from the texts. */
  private List<Best> best(String query, int step) {
    float[] target = field.queryVector(query);
    List<Best> all = new ArrayList<>();
    for (int i = 0; i < sources.size(); i += step) {
      SourceDocument source = sources.get(i);
      splitter.split(source.text()).stream()
          .map(range -> new Best(source.id(), range, score(target, source, range)))
          .max(Comparator.comparingDouble(Best::score))
          .ifPresent(all::add);
    }
    all.sort(Comparator.comparingDouble(Best::score).reversed());
    return all;
  }

  private float score(float[] target, SourceDocument source, TextRange range) {
    String text = source.title() + " " + range.of(source.text());
    return VectorSimilarityFunction.DOT_PRODUCT.compare(target, field.queryVector(text));
  }
}

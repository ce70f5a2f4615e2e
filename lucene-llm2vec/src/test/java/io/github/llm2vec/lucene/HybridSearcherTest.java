/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HybridSearcherTest {

  private static final Analyzer ANALYZER = new StandardAnalyzer();
  private static final Function<String, Query> WORDS =
      WordQueries.anyWord(ANALYZER, Map.of("title", 2f, "text", 1f));

  private final TextVectorField field =
      TextVectorField.normalized("vector", new HashedWordsEncoder(64));
  private final Directory directory = new ByteBuffersDirectory();

  private static final List<SourceDocument> SOURCES =
      List.of(
          source("de", "1", "red fox jumps"),
          source("en", "2", "red fox sleeps at night"),
          source("de", "3", "blue whale sings"),
          source("en", "4", "red"),
          source("de", "5", "completely other words here"));

  private static SourceDocument source(String language, String id, String text) {
    return new SourceDocument(
        id, "", text, List.of(new StringField("language", language, Field.Store.NO)));
  }

  @AfterEach
  void close() throws IOException {
    directory.close();
  }

  @Test
  void fusesBothRankingsAndShowsThem() throws Exception {
    try (DirectoryReader reader = documents()) {
      IndexSearcher lucene = new IndexSearcher(reader);
      HybridSearcher hybrid = HybridSearcher.overDocuments(lucene, field, WORDS);
      List<HybridHit> hits = hybrid.search("red fox", HybridOptions.top(5));
      int[] words = docs(lucene, WORDS.apply("red fox"));
      int[] vectors = docs(lucene, Llm2VecQueries.exact(field, "red fox", 5));
      assertEquals(3, words.length);
      assertEquals(5, hits.size());
      double before = 1;
      for (HybridHit hit : hits) {
        assertEquals(rank(words, hit.doc()), hit.wordRank());
        assertEquals(rank(vectors, hit.doc()), hit.vectorRank());
        assertEquals(reciprocal(hit.wordRank()) + reciprocal(hit.vectorRank()), hit.score(), 1e-12);
        assertTrue(hit.score() <= before);
        before = hit.score();
        assertEquals(List.of(), hit.passages());
      }
    }
  }

  private static double reciprocal(int rank) {
    return rank == 0 ? 0 : 1.0 / (60 + rank);
  }

  @Test
  void findsByVectorsWhatTheWordsMissAndTheOtherWayRound() throws Exception {
    try (DirectoryReader reader = documents()) {
      IndexSearcher lucene = new IndexSearcher(reader);
      Function<String, Query> wrongWord = text -> new TermQuery(new Term("text", "whale"));
      List<HybridHit> hits =
          HybridSearcher.overDocuments(lucene, field, wrongWord)
              .search("red fox jumps", HybridOptions.top(9).withVectors(KnnOptions.top(1)));
      assertEquals(2, hits.size());
      // Both are first somewhere, so the order of the documents decides.
      assertEquals(List.of("1", "3"), ids(reader, hits));
      assertEquals(0, hits.get(0).wordRank());
      assertEquals(0, hits.get(1).vectorRank());
    }
  }

  @Test
  void aFilterHoldsForBothSearches() throws Exception {
    try (DirectoryReader reader = documents()) {
      HybridSearcher hybrid = HybridSearcher.overDocuments(new IndexSearcher(reader), field, WORDS);
      List<HybridHit> hits =
          hybrid.search("red fox", HybridOptions.top(9), new TermQuery(new Term("language", "en")));
      assertEquals(List.of("2", "4"), ids(reader, hits).stream().sorted().toList());
    }
  }

  @Test
  void aQueryWithoutWordsStillSearchesByVectors() throws Exception {
    try (DirectoryReader reader = documents()) {
      HybridSearcher hybrid =
          HybridSearcher.overDocuments(
              new IndexSearcher(reader),
              TextVectorField.normalized(
                  "vector",
                  new FixedEncoder(64, "f00d64", new ClusteredVectors(1, 1, 64, 1).next(1))),
              WORDS);
      List<HybridHit> hits = hybrid.search("?!", HybridOptions.top(3));
      assertEquals(3, hits.size());
      assertTrue(hits.stream().allMatch(hit -> hit.wordRank() == 0));
    }
  }

  @Test
  void overPassagesTheBestPassageComesWithTheDocument() throws Exception {
    PassageSplitter splitter = new PassageSplitter(TokenWindows.whitespace(), 2, 0);
    try (IndexWriter writer = writer()) {
      Llm2VecIndexer.ofPassages(writer, field, IndexingOptions.DEFAULTS, splitter)
          .index(SOURCES.iterator());
    }
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      PassageSearcher passages =
          new PassageSearcher(new IndexSearcher(reader), field, IndexFields.DEFAULTS);
      HybridSearcher hybrid = HybridSearcher.overPassages(passages, WORDS);
      HybridHit hit = hybrid.search("sleeps at", HybridOptions.top(1)).get(0);
      assertEquals(List.of("2"), ids(reader, List.of(hit)));
      assertEquals(1, hit.wordRank());
      assertEquals(1, hit.vectorRank());
      assertEquals("sleeps at", hit.passages().get(0).text());
    }
  }

  @Test
  void rejectsAnIndexThatHasNotTheField() throws Exception {
    try (DirectoryReader reader = documents()) {
      TextVectorField other = TextVectorField.normalized("vektor", new HashedWordsEncoder(64));
      assertEquals(
          "the index has no field 'vektor'; its vector fields are [vector]",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> HybridSearcher.overDocuments(new IndexSearcher(reader), other, WORDS))
              .getMessage());
    }
  }

  @Test
  void rejectsCountsBelowOne() {
    assertEquals(
        "topN must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> HybridOptions.top(0)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> WordQueries.anyWord(ANALYZER, Map.of()));
  }

  private IndexWriter writer() throws IOException {
    return new IndexWriter(
        directory, Llm2VecCodec.writerConfig(ANALYZER, VectorFormatOptions.DEFAULTS));
  }

  private DirectoryReader documents() throws IOException {
    try (IndexWriter writer = writer()) {
      Llm2VecIndexer.ofDocuments(writer, field, IndexingOptions.DEFAULTS).index(SOURCES.iterator());
    }
    return DirectoryReader.open(directory);
  }

  private static List<String> ids(DirectoryReader reader, List<HybridHit> hits) throws IOException {
    List<String> ids = new ArrayList<>();
    for (HybridHit hit : hits) {
      ids.add(reader.storedFields().document(hit.doc()).get("id"));
    }
    return ids;
  }

  private static int[] docs(IndexSearcher searcher, Query query) throws IOException {
    var hits = searcher.search(query, 10).scoreDocs;
    int[] docs = new int[hits.length];
    for (int i = 0; i < hits.length; i++) {
      docs[i] = hits[i].doc;
    }
    return docs;
  }

  private static int rank(int[] docs, int doc) {
    for (int i = 0; i < docs.length; i++) {
      if (docs[i] == doc) {
        return i + 1;
      }
    }
    return 0;
  }
}

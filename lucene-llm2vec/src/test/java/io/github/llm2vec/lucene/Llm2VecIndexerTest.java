/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.join.CheckJoinIndex;
import org.apache.lucene.search.join.QueryBitSetProducer;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Llm2VecIndexerTest {

  private static final IndexingOptions OPTIONS = IndexingOptions.DEFAULTS.withBatchTexts(10);
  private static final PassageSplitter THREE_WORDS =
      new PassageSplitter(TokenWindows.whitespace(), 3, 1);

  private final HashedWordsEncoder encoder = new HashedWordsEncoder(16);
  private final TextVectorField field = TextVectorField.normalized("vector", encoder);
  private final Directory directory = new ByteBuffersDirectory();
  private IndexWriter writer;

  @BeforeEach
  void open() throws IOException {
    writer =
        new IndexWriter(
            directory,
            Llm2VecCodec.writerConfig(new StandardAnalyzer(), VectorFormatOptions.DEFAULTS));
  }

  @AfterEach
  void close() throws IOException {
    writer.close();
    directory.close();
  }

  @Test
  void writesEveryDocumentInBatchesAndReportsProgress() throws Exception {
    List<IndexingProgress> heard = new ArrayList<>();
    IndexingProgress total =
        Llm2VecIndexer.ofDocuments(writer, field, OPTIONS).index(numbered(25), heard::add);
    assertEquals(new IndexingProgress(25, 25, 0), total);
    assertEquals(
        List.of(new IndexingProgress(10, 10, 0), new IndexingProgress(20, 20, 0), total), heard);
    assertEquals(3, encoder.calls());
    assertEquals(25, count(new FieldExistsQuery("vector")));
    assertEquals(1, count(new TermQuery(new Term("text", "17"))));
    assertEquals(1, count(new TermQuery(new Term("id", "id17"))));
  }

  @Test
  void theVectorIsThatOfTitleAndText() throws Exception {
    Llm2VecIndexer.ofDocuments(writer, field, OPTIONS)
        .index(
            List.of(
                    new SourceDocument("1", "brown", "cow"),
                    new SourceDocument("2", "", "cow"),
                    new SourceDocument("3", "brown", ""))
                .iterator());
    try (DirectoryReader reader = DirectoryReader.open(writer)) {
      IndexSearcher searcher = new IndexSearcher(reader);
      for (String[] pair : new String[][] {{"brown cow", "1"}, {"cow", "2"}, {"brown", "3"}}) {
        int best = searcher.search(Llm2VecQueries.exact(field, pair[0], 1), 1).scoreDocs[0].doc;
        assertEquals(pair[1], searcher.storedFields().document(best).get("id"));
      }
    }
  }

  @Test
  void aBlankDocumentIsIndexedWithoutVector() throws Exception {
    IndexingProgress total =
        Llm2VecIndexer.ofDocuments(writer, field, OPTIONS)
            .index(
                List.of(new SourceDocument("empty", "", " "), new SourceDocument("full", "", "x"))
                    .iterator());
    assertEquals(new IndexingProgress(2, 1, 1), total);
    assertEquals(1, count(new TermQuery(new Term("id", "empty"))));
    assertEquals(1, count(new FieldExistsQuery("vector")));
  }

  @Test
  void replacesADocumentOfTheSameId() throws Exception {
    Llm2VecIndexer indexer = Llm2VecIndexer.ofDocuments(writer, field, OPTIONS);
    indexer.index(numbered(12));
    indexer.index(numbered(12));
    assertEquals(12, count(new FieldExistsQuery("vector")));
    Llm2VecIndexer.ofDocuments(writer, field, OPTIONS.withReplace(false)).index(numbered(12));
    assertEquals(24, count(new FieldExistsQuery("vector")));
  }

  @Test
  void addsFurtherFieldsToFilterBy() throws Exception {
    Llm2VecIndexer.ofDocuments(writer, field, OPTIONS)
        .index(
            Stream.of("de", "en")
                .map(
                    language ->
                        new SourceDocument(
                            language,
                            "",
                            "same words",
                            List.of(new StringField("language", language, Field.Store.NO))))
                .iterator());
    assertEquals(
        1,
        count(
            Llm2VecQueries.knn(field, "same words", 5, new TermQuery(new Term("language", "de")))));
  }

  @Test
  void writesPassagesBeforeTheirDocumentAsOneBlock() throws Exception {
    IndexingProgress total =
        Llm2VecIndexer.ofPassages(writer, field, OPTIONS, THREE_WORDS)
            .index(
                List.of(
                        new SourceDocument("1", "", "a b c d e"),
                        new SourceDocument("2", "title", ""),
                        new SourceDocument("3", "", ""),
                        new SourceDocument("4", "", "x"))
                    .iterator());
    assertEquals(new IndexingProgress(4, 4, 1), total);
    assertEquals(4, count(new FieldExistsQuery("vector")));
    assertEquals(4, count(new TermQuery(new Term("_kind_", "document"))));
    try (DirectoryReader reader = DirectoryReader.open(writer)) {
      CheckJoinIndex.check(
          reader, new QueryBitSetProducer(new TermQuery(new Term("_kind_", "document"))));
    }
  }

  @Test
  void replacesABlockAsAWhole() throws Exception {
    Llm2VecIndexer indexer = Llm2VecIndexer.ofPassages(writer, field, OPTIONS, THREE_WORDS);
    indexer.index(List.of(new SourceDocument("1", "", "a b c d e f g h i")).iterator());
    assertEquals(4, count(new FieldExistsQuery("vector")));
    indexer.index(List.of(new SourceDocument("1", "", "a b")).iterator());
    assertEquals(1, count(new FieldExistsQuery("vector")));
    assertEquals(1, count(new TermQuery(new Term("id", "1"))));
  }

  @Test
  void encodesALongDocumentInSeveralCalls() throws Exception {
    String text = "w ".repeat(101);
    IndexingProgress total =
        Llm2VecIndexer.ofPassages(writer, field, OPTIONS, THREE_WORDS)
            .index(List.of(new SourceDocument("1", "", text)).iterator());
    assertEquals(50, total.vectors());
    assertEquals(5, encoder.calls());
  }

  @Test
  void readsNoFurtherAheadThanTwoBatches() throws Exception {
    int[] read = {0};
    Iterator<SourceDocument> counted =
        IntStream.range(0, 100)
            .mapToObj(
                i -> {
                  read[0]++;
                  return new SourceDocument("id" + i, "", "text " + i);
                })
            .iterator();
    List<Long> ahead = new ArrayList<>();
    Llm2VecIndexer.ofDocuments(writer, field, OPTIONS)
        .index(counted, progress -> ahead.add(read[0] - progress.documents()));
    // The stream behind the iterator fetches one element early.
    assertTrue(ahead.stream().allMatch(n -> n <= 2 * 10 + 1), ahead.toString());
  }

  @Test
  void failuresOfTheEncoderAndTheWriterReachTheCaller() throws Exception {
    TextEncoder failing =
        new TextEncoder() {
          @Override
          public int dimensions() {
            return 16;
          }

          @Override
          public String fingerprint() {
            return "aa";
          }

          @Override
          public float[][] encode(List<String> texts, Prompt prompt) {
            throw new IllegalStateException("out of device memory");
          }

          @Override
          public void close() {}
        };
    Llm2VecIndexer broken =
        Llm2VecIndexer.ofDocuments(writer, TextVectorField.normalized("vector", failing), OPTIONS);
    assertEquals(
        "out of device memory",
        assertThrows(IllegalStateException.class, () -> broken.index(numbered(1))).getMessage());

    Llm2VecIndexer tooWide =
        Llm2VecIndexer.ofDocuments(
            writer, TextVectorField.normalized("wide", new HashedWordsEncoder(20_000)), OPTIONS);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> tooWide.index(numbered(15)));
    assertTrue(refused.getMessage().contains("16384"), refused.getMessage());
  }

  @Test
  void leavesNoThreadBehind() throws Exception {
    Llm2VecIndexer.ofDocuments(writer, field, OPTIONS).index(numbered(25));
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("llm2vec-index-writer")) {
        // An executor is done a moment before its thread is.
        thread.join(10_000);
        assertFalse(thread.isAlive());
      }
    }
  }

  @Test
  void rejectsADocumentWithoutId() {
    assertEquals(
        "a document needs an id, got '' for the one with the text 'lost'",
        assertThrows(IllegalArgumentException.class, () -> new SourceDocument("", "", "lost"))
            .getMessage());
    assertEquals(
        "batchTexts must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withBatchTexts(0)).getMessage());
  }

  private static Iterator<SourceDocument> numbered(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new SourceDocument("id" + i, "", "text " + i))
        .iterator();
  }

  private int count(Query query) throws IOException {
    try (DirectoryReader reader = DirectoryReader.open(writer)) {
      return new IndexSearcher(reader).count(query);
    }
  }
}

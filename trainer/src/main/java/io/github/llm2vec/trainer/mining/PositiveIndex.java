/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

import io.github.llm2vec.trainer.data.ExampleFile;
import io.github.llm2vec.trainer.mteb.search.Bm25Search;
import io.github.llm2vec.trainer.mteb.search.EnglishAnalysis;
import io.github.llm2vec.trainer.mteb.search.NumberedIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;

/**
 * A BM25 index of the different positives of a file, over English words with Anserini's constants.
 * Written by one thread in the order of the file, so that the same file gives the same rankings.
 * Thread-safe.
 */
final class PositiveIndex implements AutoCloseable {

  private static final String TEXT = "text";

  /** Different words of a query that are searched for; a longer one is a document. */
  private static final int MOST_WORDS = 64;

  private static final BM25Similarity SIMILARITY = Bm25Search.Options.FLAT.similarity();

  private final DirectoryReader reader;
  private final IndexSearcher searcher;
  private final EnglishAnalysis english;

  private PositiveIndex(DirectoryReader reader, EnglishAnalysis english) {
    this.reader = reader;
    this.searcher = new IndexSearcher(reader);
    searcher.setSimilarity(SIMILARITY);
    this.english = english;
  }

  /**
   * Writes the index of a file.
   *
   * @param folder of the index alone, which must be empty
   */
  static PositiveIndex write(ExampleFile pairs, Path folder) throws IOException {
    EnglishAnalysis english = new EnglishAnalysis();
    IndexWriterConfig config = new IndexWriterConfig(english.analyzer()).setSimilarity(SIMILARITY);
    try {
      DirectoryReader reader =
          NumberedIndex.open(folder, "positives", config, writer -> fill(writer, pairs));
      return new PositiveIndex(reader, english);
    } catch (IOException | RuntimeException e) {
      english.close();
      throw e;
    }
  }

  private static void fill(IndexWriter writer, ExampleFile pairs) throws IOException {
    Set<Integer> seen = new HashSet<>();
    for (long i = 0; i < pairs.size(); i++) {
      for (String positive : pairs.read(i).positives()) {
        // Texts of equal hashes are few, and only one of them is missing as a negative.
        if (seen.add(positive.hashCode())) {
          Document document = NumberedIndex.document(seen.size() - 1);
          document.add(new TextField(TEXT, positive, Field.Store.YES));
          writer.addDocument(document);
        }
      }
    }
  }

  /** Number of texts. */
  int size() {
    return reader.maxDoc();
  }

  /** A text by its number in the index. */
  String text(int number) throws IOException {
    return reader.storedFields().document(number).get(TEXT);
  }

  /** The numbers of the texts that the words of a query find, best first, at most so many. */
  int[] search(String query, int most) throws IOException {
    BooleanQuery.Builder any = new BooleanQuery.Builder();
    words(query).stream()
        .limit(MOST_WORDS)
        .forEach(word -> any.add(new TermQuery(new Term(TEXT, word)), BooleanClause.Occur.SHOULD));
    ScoreDoc[] hits = searcher.search(any.build(), most).scoreDocs;
    return Stream.of(hits).mapToInt(hit -> hit.doc).toArray();
  }

  /** The different words of a text, in their order. */
  Set<String> words(String text) throws IOException {
    return english.count(text).keySet();
  }

  /** The words of several texts. */
  List<Set<String>> words(List<String> texts) throws IOException {
    List<Set<String>> words = new ArrayList<>(texts.size());
    for (String text : texts) {
      words.add(words(text));
    }
    return words;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    reader.directory().close();
    english.close();
  }
}

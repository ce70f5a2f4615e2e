/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

import io.github.llm2vec.trainer.data.ExampleFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;

/**
 * The different positives of a file, to be found by BM25 over English words with Anserini's
 * constants. Written by one thread in the order of the file, so that the same file gives the same
 * rankings. Thread-safe.
 */
final class PositiveIndex implements AutoCloseable {

  private static final String TEXT = "text";

  /** Different words of a query that are searched for; a longer one is a document. */
  private static final int MOST_WORDS = 64;

  private static final BM25Similarity SIMILARITY = new BM25Similarity(0.9f, 0.4f);

  private final Directory directory;
  private final DirectoryReader reader;
  private final IndexSearcher searcher;
  private final Analyzer analyzer;

  private PositiveIndex(Directory directory, Analyzer analyzer) throws IOException {
    this.directory = directory;
    this.reader = DirectoryReader.open(directory);
    this.searcher = new IndexSearcher(reader);
    searcher.setSimilarity(SIMILARITY);
    this.analyzer = analyzer;
  }

  /**
   * Writes the index of a file.
   *
   * @param folder of the index alone; what is in it is replaced
   */
  static PositiveIndex write(ExampleFile pairs, Path folder) throws IOException {
    Analyzer analyzer = new EnglishAnalyzer();
    IndexWriterConfig config =
        new IndexWriterConfig(analyzer)
            .setSimilarity(SIMILARITY)
            .setOpenMode(IndexWriterConfig.OpenMode.CREATE)
            .setMergeScheduler(new SerialMergeScheduler())
            .setMergePolicy(new LogDocMergePolicy());
    Directory directory = FSDirectory.open(folder);
    try {
      try (IndexWriter writer = new IndexWriter(directory, config)) {
        Set<Integer> seen = new HashSet<>();
        for (long i = 0; i < pairs.size(); i++) {
          for (String positive : pairs.read(i).positives()) {
            // Texts of equal hashes are few, and only one of them is missing as a negative.
            if (seen.add(positive.hashCode())) {
              Document document = new Document();
              document.add(new TextField(TEXT, positive, Field.Store.YES));
              writer.addDocument(document);
            }
          }
        }
        writer.forceMerge(1);
      }
      return new PositiveIndex(directory, analyzer);
    } catch (IOException | RuntimeException e) {
      analyzer.close();
      directory.close();
      throw e;
    }
  }

  /** Number of texts. */
  int size() {
    return reader.maxDoc();
  }

  /** A text by its number. */
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
    int[] found = new int[hits.length];
    for (int rank = 0; rank < found.length; rank++) {
      found[rank] = hits[rank].doc;
    }
    return found;
  }

  /** The different words of a text, stemmed, without stop words, in their order. */
  Set<String> words(String text) throws IOException {
    Set<String> words = new LinkedHashSet<>();
    try (TokenStream tokens = analyzer.tokenStream(TEXT, text)) {
      CharTermAttribute word = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.add(word.toString());
      }
      tokens.end();
    }
    return words;
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
    directory.close();
    analyzer.close();
  }
}

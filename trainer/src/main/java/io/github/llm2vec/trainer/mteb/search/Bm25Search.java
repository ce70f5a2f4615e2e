/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.mteb.task.Corpus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.Directory;

/**
 * BM25 search by Lucene over English words, as Anserini searches BEIR: the baseline of every
 * encoder. Words are stemmed by Porter and Lucene's English stop words left out; a query is the sum
 * of its words, a word that it has twice counting twice.
 *
 * <p>Used by one thread.
 */
public final class Bm25Search implements AutoCloseable {

  private static final String TITLE = "title";
  private static final String CONTENTS = "contents";

  private final DirectoryReader reader;
  private final Directory directory;
  private final IndexSearcher searcher;
  private final EnglishAnalysis english;
  private final List<String> fields;

  /**
   * What a query has found.
   *
   * @param ranking the documents
   * @param wordsLeftOut words that were not searched for because Lucene bounds the clauses of a
   *     query; these are the ones that most documents have
   */
  public record Found(Ranking ranking, int wordsLeftOut) {}

  private Bm25Search(
      DirectoryReader reader,
      EnglishAnalysis english,
      BM25Similarity similarity,
      List<String> fields) {
    this.reader = reader;
    this.directory = reader.directory();
    this.searcher = new IndexSearcher(reader);
    searcher.setSimilarity(similarity);
    this.english = english;
    this.fields = fields;
  }

  /**
   * Indexes a corpus, or opens the index of it that is in the folder.
   *
   * @param folder of the index alone
   * @param corpus what to index
   * @param options how to score
   */
  public static Bm25Search open(Path folder, Corpus corpus, Options options) throws IOException {
    EnglishAnalysis english = new EnglishAnalysis();
    BM25Similarity similarity = options.similarity();
    IndexWriterConfig config = new IndexWriterConfig(english.analyzer()).setSimilarity(similarity);
    DirectoryReader reader =
        NumberedIndex.open(
            folder,
            "words " + options + " " + corpus.digest(),
            config,
            writer -> fill(writer, corpus, options));
    List<String> fields = options.titleApart() ? List.of(TITLE, CONTENTS) : List.of(CONTENTS);
    return new Bm25Search(reader, english, similarity, fields);
  }

  private static void fill(IndexWriter writer, Corpus corpus, Options options) throws IOException {
    try (RecordStream<Corpus.Document> documents = corpus.open()) {
      Optional<Corpus.Document> next = documents.next();
      for (int number = 0; next.isPresent(); number++) {
        Corpus.Document source = next.get();
        Document document = NumberedIndex.document(number);
        if (options.titleApart()) {
          document.add(new TextField(TITLE, source.title(), Field.Store.NO));
          document.add(new TextField(CONTENTS, source.text(), Field.Store.NO));
        } else {
          document.add(new TextField(CONTENTS, source.passage(), Field.Store.NO));
        }
        writer.addDocument(document);
        next = documents.next();
      }
    }
  }

  /** Finds the best documents for the words of a text. */
  public Found search(String text, int k) throws IOException {
    Map<String, Integer> words = english.count(text);
    int most = IndexSearcher.getMaxClauseCount() / fields.size();
    int leftOut = Math.max(0, words.size() - most);
    if (leftOut > 0) {
      words = rarest(words, most);
    }
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    for (Map.Entry<String, Integer> word : words.entrySet()) {
      for (String field : fields) {
        TermQuery term = new TermQuery(new Term(field, word.getKey()));
        query.add(new BoostQuery(term, word.getValue()), BooleanClause.Occur.SHOULD);
      }
    }
    return new Found(NumberedIndex.ranking(reader, searcher.search(query.build(), k)), leftOut);
  }

  private Map<String, Integer> rarest(Map<String, Integer> words, int most) throws IOException {
    Map<String, Integer> frequency = new LinkedHashMap<>();
    for (String word : words.keySet()) {
      frequency.put(word, reader.docFreq(new Term(CONTENTS, word)));
    }
    Map<String, Integer> rarest = new LinkedHashMap<>();
    words.keySet().stream()
        .sorted(Comparator.comparing(frequency::get))
        .limit(most)
        .forEach(word -> rarest.put(word, words.get(word)));
    return rarest;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
    english.close();
  }

  /**
   * How words are searched.
   *
   * @param k1 BM25's weight of repeated words
   * @param b BM25's weight of a document's length
   * @param titleApart whether title and text are fields of their own whose scores are added, which
   *     Anserini calls multifield; false makes them one field, which it calls flat
   */
  public record Options(float k1, float b, boolean titleApart) {

    /** Anserini's for BEIR: {@code k1=0.9}, {@code b=0.4}, title and text as one field. */
    public static final Options FLAT = new Options(0.9f, 0.4f, false);

    /** As {@link #FLAT}, with title and text as two fields. */
    public static final Options MULTIFIELD = new Options(0.9f, 0.4f, true);

    /** BM25 with these constants, to index and to search with. */
    public BM25Similarity similarity() {
      return new BM25Similarity(k1, b);
    }
  }
}

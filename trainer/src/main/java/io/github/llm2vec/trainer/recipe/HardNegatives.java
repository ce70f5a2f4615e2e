/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.recipe;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
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
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;

/**
 * Finds, for a query, a text of the same source that shares its words and is not its answer: what
 * BM25 would wrongly return. A text that is nearly the answer, or answers the same query, is never
 * taken.
 */
final class HardNegatives implements AutoCloseable {

  private static final String FIELD = "text";
  private static final int CANDIDATES = 10;
  private static final int MOST_WORDS = 24;

  /** Texts that share more words than this with the answer may be answers themselves. */
  private static final double NEARLY_THE_SAME = 0.4;

  private final List<Pair> pairs;
  private final Analyzer analyzer = new EnglishAnalyzer();
  private final Directory directory = new ByteBuffersDirectory();
  private final DirectoryReader reader;
  private final IndexSearcher searcher;

  /** Indexes the positives of a source in memory. */
  HardNegatives(List<Pair> pairs) throws IOException {
    this.pairs = pairs;
    // Without merges in the background, documents keep the order of the pairs.
    IndexWriterConfig config =
        new IndexWriterConfig(analyzer).setMergePolicy(NoMergePolicy.INSTANCE);
    try (IndexWriter writer = new IndexWriter(directory, config)) {
      for (Pair pair : pairs) {
        Document document = new Document();
        document.add(new TextField(FIELD, pair.positive(), Field.Store.NO));
        writer.addDocument(document);
      }
    }
    reader = DirectoryReader.open(directory);
    searcher = new IndexSearcher(reader);
  }

  /** A negative for one of the pairs; empty if no other text shares a word with it. */
  Optional<String> find(Pair pair) throws IOException {
    Optional<String> found = find(pair, pair.query());
    return found.isPresent() ? found : find(pair, pair.positive());
  }

  private Optional<String> find(Pair pair, String words) throws IOException {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    for (String word : terms(Words.first(words, MOST_WORDS))) {
      query.add(new TermQuery(new Term(FIELD, word)), BooleanClause.Occur.SHOULD);
    }
    for (ScoreDoc hit : searcher.search(query.build(), CANDIDATES).scoreDocs) {
      Pair other = pairs.get(hit.doc);
      if (!other.query().equalsIgnoreCase(pair.query())
          && !other.sharesDocument(pair)
          && Words.likeness(other.positive(), pair.positive()) < NEARLY_THE_SAME) {
        return Optional.of(other.positive());
      }
    }
    return Optional.empty();
  }

  private Set<String> terms(String text) throws IOException {
    Set<String> terms = new LinkedHashSet<>();
    try (TokenStream tokens = analyzer.tokenStream(FIELD, text)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        terms.add(term.toString());
      }
      tokens.end();
    }
    return terms;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
    analyzer.close();
  }
}

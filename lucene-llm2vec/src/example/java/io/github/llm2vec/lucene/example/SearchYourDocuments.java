/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene.example;

import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.lucene.HybridHit;
import io.github.llm2vec.lucene.HybridOptions;
import io.github.llm2vec.lucene.HybridSearcher;
import io.github.llm2vec.lucene.IndexingOptions;
import io.github.llm2vec.lucene.Llm2VecCodec;
import io.github.llm2vec.lucene.Llm2VecIndexer;
import io.github.llm2vec.lucene.SourceDocument;
import io.github.llm2vec.lucene.TextVectorField;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.lucene.VectorQuantization;
import io.github.llm2vec.lucene.WordQueries;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.Directory;

/** Indexes documents with an encoder and searches them by words and meaning. */
public final class SearchYourDocuments {

  private SearchYourDocuments() {}

  /** Prints the best five documents with their ranks by words and by vectors. */
  public static void run(
      TextEncoder encoder,
      Directory directory,
      Iterator<SourceDocument> documents,
      String question,
      Appendable out)
      throws IOException {
    TextVectorField field = TextVectorField.normalized("vector", encoder);
    Analyzer analyzer = new StandardAnalyzer();
    VectorFormatOptions format =
        VectorFormatOptions.DEFAULTS.withQuantization(VectorQuantization.INT8);

    try (IndexWriter writer =
        new IndexWriter(directory, Llm2VecCodec.writerConfig(analyzer, format))) {
      Llm2VecIndexer.ofDocuments(writer, field, IndexingOptions.DEFAULTS).index(documents);
    }

    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      IndexSearcher searcher = new IndexSearcher(reader);
      HybridSearcher hybrid =
          HybridSearcher.overDocuments(
              searcher, field, WordQueries.anyWord(analyzer, Map.of("title", 2f, "text", 1f)));
      List<HybridHit> hits = hybrid.search(question, HybridOptions.top(5));
      for (HybridHit hit : hits) {
        String title = searcher.storedFields().document(hit.doc()).get("title");
        out.append(title + " (words " + hit.wordRank() + ", vectors " + hit.vectorRank() + ")\n");
      }
    }
  }
}

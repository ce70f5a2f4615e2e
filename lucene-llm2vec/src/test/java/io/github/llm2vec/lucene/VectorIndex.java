/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;

/**
 * An index in memory of vectors in field {@code vector}, each document with its parity in field
 * {@code parity}. Documents are numbered as the vectors are.
 */
final class VectorIndex implements AutoCloseable {

  private final Directory directory = new ByteBuffersDirectory();
  private final DirectoryReader reader;

  /**
   * @param options format of the field
   * @param similarity of the field
   * @param segments number of segments, equally long; 1 is merged from several
   * @param vectors one per document
   */
  VectorIndex(
      VectorFormatOptions options,
      VectorSimilarityFunction similarity,
      int segments,
      float[]... vectors)
      throws IOException {
    IndexWriterConfig config = Llm2VecCodec.writerConfig(new KeywordAnalyzer(), options);
    // The policy for one segment merges neighbours only, so that documents keep their numbers.
    config.setMergePolicy(segments > 1 ? NoMergePolicy.INSTANCE : new LogDocMergePolicy());
    int flushes = Math.max(segments, 3);
    try (IndexWriter writer = new IndexWriter(directory, config)) {
      for (int i = 0; i < vectors.length; i++) {
        Document document = new Document();
        document.add(new StringField("parity", i % 2 == 0 ? "even" : "odd", Field.Store.NO));
        document.add(new KnnFloatVectorField("vector", vectors[i], similarity));
        writer.addDocument(document);
        if (i % (vectors.length / flushes + 1) == 0) {
          writer.flush();
        }
      }
      if (segments == 1) {
        writer.forceMerge(1);
      }
    }
    reader = DirectoryReader.open(directory);
  }

  IndexSearcher searcher() {
    return new IndexSearcher(reader);
  }

  /** Numbers of the best documents. */
  int[] search(Query query, int k) throws IOException {
    ScoreDoc[] hits = searcher().search(query, k).scoreDocs;
    int[] docs = new int[hits.length];
    for (int i = 0; i < hits.length; i++) {
      docs[i] = hits[i].doc;
    }
    return docs;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
  }
}

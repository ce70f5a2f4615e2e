/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.lucene.Llm2VecCodec;
import io.github.llm2vec.lucene.Llm2VecQueries;
import io.github.llm2vec.lucene.VectorFormatOptions;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntConsumer;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.Directory;

/**
 * HNSW search in a Lucene index of one segment, or brute-force search of the same index for
 * comparison. Vectors that have no direction are not in the index.
 *
 * <p>Searches from several threads.
 */
public final class HnswSearch implements AutoCloseable {

  private static final String VECTOR = "vector";

  private final DirectoryReader reader;
  private final Directory directory;
  private final IndexSearcher searcher;

  private HnswSearch(DirectoryReader reader) {
    this.reader = reader;
    this.directory = reader.directory();
    this.searcher = new IndexSearcher(reader);
  }

  /**
   * Indexes a store, or opens the index of it that is in the folder.
   *
   * @param folder of the index alone
   * @param vectors what to index
   * @param options how
   * @param listener told how many vectors were added
   */
  public static HnswSearch open(
      Path folder, VectorStore vectors, VectorFormatOptions options, IntConsumer listener)
      throws IOException {
    VectorFormatOptions wide =
        options.withMaxDimensions(Math.max(options.maxDimensions(), vectors.dimensions()));
    return new HnswSearch(
        NumberedIndex.open(
            folder,
            "graph " + wide + " " + vectors.digest(),
            Llm2VecCodec.writerConfig(new KeywordAnalyzer(), wide),
            writer -> fill(writer, vectors, listener)));
  }

  private static void fill(IndexWriter writer, VectorStore vectors, IntConsumer listener)
      throws IOException {
    Set<Integer> unusable = new HashSet<>(vectors.unusable());
    for (int shard = 0; shard < vectors.shards(); shard++) {
      int first = vectors.firstOf(shard);
      FloatBuffer floats = vectors.shard(shard).asFloatBuffer();
      for (int i = 0; i < vectors.shardSize(shard); i++) {
        if (!unusable.contains(first + i)) {
          float[] vector = new float[vectors.dimensions()];
          floats.get(i * vector.length, vector);
          Document document = NumberedIndex.document(first + i);
          document.add(
              new KnnFloatVectorField(VECTOR, vector, VectorSimilarityFunction.DOT_PRODUCT));
          writer.addDocument(document);
        }
      }
      listener.accept(first + vectors.shardSize(shard));
    }
  }

  /**
   * Searches by the graph.
   *
   * @param query {@code [dimensions]}, of length 1
   * @param options how far to look
   * @return scores are cosines; the quantised ones where {@code overfetch} is 1
   */
  public Ranking search(float[] query, KnnOptions options) throws IOException {
    return run(Llm2VecQueries.knn(VECTOR, query, options), options.k());
  }

  /** Compares with every vector of the index. */
  public Ranking searchExactly(float[] query, int k) throws IOException {
    return run(Llm2VecQueries.exact(VECTOR, query, k), k);
  }

  private Ranking run(Query query, int k) throws IOException {
    TopDocs hits = searcher.search(query, k);
    for (int rank = 0; rank < hits.scoreDocs.length; rank++) {
      hits.scoreDocs[rank].score = 2 * hits.scoreDocs[rank].score - 1;
    }
    return NumberedIndex.ranking(reader, hits);
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
  }
}

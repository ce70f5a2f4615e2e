/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.RepeatedTest;

/** Random indexes with deleted documents, documents without vectors, and filters. */
class SparseIndexTest {

  private static final VectorSimilarityFunction DOT = VectorSimilarityFunction.DOT_PRODUCT;
  private static final int K = 7;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final ClusteredVectors source = new ClusteredVectors(seed, 5, 16, 1);
  private final float[] query = source.next(1)[0];

  /** The vectors that can be found, by id, and the ids of red documents. */
  private final Map<String, float[]> live = new HashMap<>();

  private final List<String> red = new ArrayList<>();

  @RepeatedTest(20)
  void findsTheNearestLiveDocumentsThatPassTheFilter() throws Exception {
    VectorQuantization quantization =
        List.of(VectorQuantization.FLOAT32, VectorQuantization.INT8, VectorQuantization.INT4)
            .get(random.nextInt(3));
    KnnOptions everything = KnnOptions.top(K).withEfSearch(1000).withOverfetch(1000);
    Query isRed = new TermQuery(new Term("colour", "red"));
    try (Directory directory = new ByteBuffersDirectory()) {
      write(directory, VectorFormatOptions.DEFAULTS.withQuantization(quantization));
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        IndexSearcher searcher = new IndexSearcher(reader);
        for (Query filter : List.of(new MatchAllDocsQuery(), isRed, new MatchNoDocsQuery())) {
          List<String> expected = expected(filter);
          assertEquals(
              expected,
              ids(searcher, Llm2VecQueries.exact("vector", query, K, filter)),
              "exact, " + quantization + ", " + filter + ", seed " + seed);
          assertEquals(
              expected,
              ids(searcher, Llm2VecQueries.knn("vector", query, everything, filter)),
              "knn, " + quantization + ", " + filter + ", seed " + seed);
        }
      }
    }
  }

  private void write(Directory directory, VectorFormatOptions options) throws Exception {
    try (IndexWriter writer =
        new IndexWriter(directory, Llm2VecCodec.writerConfig(new KeywordAnalyzer(), options))) {
      int documents = 1 + random.nextInt(150);
      for (int i = 0; i < documents; i++) {
        writer.addDocument(document("id" + i));
        if (random.nextInt(40) == 0) {
          writer.flush();
        }
      }
      for (int i = 0; i < documents; i++) {
        if (random.nextInt(4) == 0) {
          writer.deleteDocuments(new Term("id", "id" + i));
          live.remove("id" + i);
        }
      }
    }
  }

  private Document document(String id) {
    Document document = new Document();
    document.add(new StringField("id", id, Field.Store.YES));
    if (random.nextInt(5) == 0) {
      document.add(new StringField("colour", "red", Field.Store.NO));
      red.add(id);
    }
    if (random.nextInt(3) > 0) {
      float[] vector = source.next(1)[0];
      document.add(new KnnFloatVectorField("vector", vector, DOT));
      live.put(id, vector);
    }
    return document;
  }

  private List<String> expected(Query filter) {
    return live.keySet().stream()
        .filter(
            id ->
                filter instanceof MatchAllDocsQuery
                    || (filter instanceof TermQuery && red.contains(id)))
        .sorted(Comparator.comparingDouble(id -> -DOT.compare(query, live.get(id))))
        .limit(K)
        .toList();
  }

  private static List<String> ids(IndexSearcher searcher, Query query) throws Exception {
    List<String> ids = new ArrayList<>();
    for (ScoreDoc hit : searcher.search(query, 1000).scoreDocs) {
      ids.add(searcher.storedFields().document(hit.doc).get("id"));
    }
    return ids;
  }
}

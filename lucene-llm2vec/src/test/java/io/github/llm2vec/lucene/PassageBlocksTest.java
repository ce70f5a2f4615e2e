/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.join.ScoreMode;
import org.apache.lucene.search.join.ToParentBlockJoinQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Documents come and go, some without their passages, and what is left is found by its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PassageBlocksTest {

  private static final int DIMENSIONS = 4;
  private static final VectorSimilarityFunction SIMILARITY = VectorSimilarityFunction.COSINE;
  private static final Query DOCUMENTS = new TermQuery(new Term("kind", "document"));

  private record Hit(String id, float score) {}

  @Test
  void passagesWithoutTheirDocumentNeverCount() throws Exception {
    long seed = Long.getLong("llm2vec.seed", new Random().nextLong());
    Random random = new Random(seed);
    for (int run = 0; run < 60; run++) {
      try (Directory directory = new ByteBuffersDirectory()) {
        oneIndex(directory, random, "seed " + seed + ", run " + run);
      }
    }
  }

  private static void oneIndex(Directory directory, Random random, String where)
      throws IOException {
    PassageBlocks blocks = new PassageBlocks(DOCUMENTS, "root");
    Map<String, List<float[]>> model = new TreeMap<>();
    IndexWriterConfig config = new IndexWriterConfig().setMergePolicy(NoMergePolicy.INSTANCE);
    try (IndexWriter writer = new IndexWriter(directory, config)) {
      for (int round = 0; round < 6; round++) {
        for (int step = 0; step < 10; step++) {
          change(writer, model, random);
        }
        if (random.nextInt(3) == 0) {
          writer.getConfig().setMergePolicy(new TieredMergePolicy());
          writer.forceMerge(1 + random.nextInt(2));
          writer.getConfig().setMergePolicy(NoMergePolicy.INSTANCE);
        }
        try (DirectoryReader reader = DirectoryReader.open(writer)) {
          check(new IndexSearcher(reader), blocks, model, vector(random), where);
        }
      }
      writer.deleteDocuments(new Term("kind", "passage"));
      try (DirectoryReader reader = DirectoryReader.open(writer)) {
        Query simple = new IndexSearcher(reader).rewrite(blocks.owned());
        assertInstanceOf(MatchAllDocsQuery.class, simple, "no orphans, no filter");
      }
    }
  }

  private static void change(IndexWriter writer, Map<String, List<float[]>> model, Random random)
      throws IOException {
    String id = "d" + random.nextInt(12);
    switch (random.nextInt(6)) {
      case 0 -> {
        // Without its passages, as a query deletes that does not find them.
        writer.deleteDocuments(new Term("id", id));
        model.remove(id);
      }
      case 1 -> {
        writer.deleteDocuments(new Term("root", id));
        model.remove(id);
      }
      default -> {
        List<float[]> passages = new ArrayList<>();
        List<Document> block = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          float[] vector = vector(random);
          passages.add(vector);
          Document passage = document(id, "passage");
          passage.add(new KnnFloatVectorField("vector", vector, SIMILARITY));
          block.add(passage);
        }
        Document document = document(id, "document");
        document.add(new StringField("id", id, Field.Store.YES));
        block.add(document);
        writer.updateDocuments(new Term("root", id), block);
        model.put(id, passages);
      }
    }
  }

  private static Document document(String root, String kind) {
    Document document = new Document();
    document.add(new StringField("root", root, Field.Store.NO));
    document.add(new StringField("kind", kind, Field.Store.NO));
    return document;
  }

  private static float[] vector(Random random) {
    float[] vector = new float[DIMENSIONS];
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = random.nextFloat() - 0.5f;
    }
    return vector;
  }

  private static void check(
      IndexSearcher searcher,
      PassageBlocks blocks,
      Map<String, List<float[]>> model,
      float[] query,
      String where)
      throws IOException {
    List<Hit> expected = new ArrayList<>();
    model.forEach(
        (id, passages) ->
            passages.stream()
                .map(passage -> SIMILARITY.compare(query, passage))
                .max(Comparator.naturalOrder())
                .ifPresent(score -> expected.add(new Hit(id, score))));
    expected.sort(Comparator.comparingDouble(hit -> -hit.score()));
    if (expected.isEmpty()) {
      return;
    }
    KnnOptions all = KnnOptions.top(20).withEfSearch(1000);
    Query nearest =
        Llm2VecQueries.documentsByPassages("vector", query, all, blocks, blocks.owned());
    assertEquals(expected, hits(searcher, nearest), where);
    Query similar =
        new ToParentBlockJoinQuery(
            Llm2VecQueries.similar("vector", query, -1, -1, blocks.owned()), blocks, ScoreMode.Max);
    assertEquals(expected, hits(searcher, similar), where);
    Query passages = Llm2VecQueries.passages("vector", query, all, blocks, blocks.owned());
    assertEquals(
        expected.stream().map(Hit::score).toList(),
        hits(searcher, passages).stream().map(Hit::score).toList(),
        where);
    BestPassage best = new BestPassage("vector", query, blocks);
    for (ScoreDoc hit : searcher.search(nearest, 100).scoreDocs) {
      Optional<ScoreDoc> shown = best.of(searcher.getIndexReader(), hit.doc);
      assertEquals(hit.score, shown.orElseThrow().score, where);
    }
  }

  private static List<Hit> hits(IndexSearcher searcher, Query query) throws IOException {
    TopDocs found = searcher.search(query, 100);
    List<Hit> hits = new ArrayList<>();
    for (ScoreDoc hit : found.scoreDocs) {
      hits.add(new Hit(searcher.storedFields().document(hit.doc).get("id"), hit.score));
    }
    return hits;
  }
}

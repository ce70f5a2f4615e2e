/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldExistsQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.tests.search.QueryUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KnnQueriesTest {

  private static final int DIMENSIONS = 32;
  private static final Query EVEN = new TermQuery(new Term("parity", "even"));

  private final ClusteredVectors source = new ClusteredVectors(11, 10, DIMENSIONS, 1);
  private final float[][] documents = source.next(400);
  private final float[] query = source.next(1)[0];

  @ParameterizedTest
  @EnumSource(VectorSimilarityFunction.class)
  void exactSearchSortsByTheSimilarityOfTheField(VectorSimilarityFunction similarity)
      throws Exception {
    try (VectorIndex index =
        new VectorIndex(VectorFormatOptions.DEFAULTS, similarity, 3, documents)) {
      assertArrayEquals(
          brute(similarity, 1, 10), index.search(Llm2VecQueries.exact("vector", query, 10), 10));
      assertArrayEquals(
          brute(similarity, 2, 10),
          index.search(Llm2VecQueries.exact("vector", query, 10, EVEN), 10));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aBeamOverTheWholeIndexFindsTheTrueNeighbours(int segments) throws Exception {
    KnnOptions options = KnnOptions.top(20).withEfSearch(400);
    try (VectorIndex index = floats(segments)) {
      assertArrayEquals(
          brute(VectorSimilarityFunction.DOT_PRODUCT, 1, 20),
          index.search(Llm2VecQueries.knn("vector", query, options), 100));
      assertArrayEquals(
          brute(VectorSimilarityFunction.DOT_PRODUCT, 2, 20),
          index.search(Llm2VecQueries.knn("vector", query, options, EVEN), 100));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = VectorQuantization.class,
      names = {"INT8", "INT4"})
  void overfetchGivesQuantizedFieldsTheScoresOfTheFullVectors(VectorQuantization quantization)
      throws Exception {
    try (VectorIndex index =
        new VectorIndex(
            VectorFormatOptions.DEFAULTS.withQuantization(quantization),
            VectorSimilarityFunction.DOT_PRODUCT,
            2,
            documents)) {
      KnnOptions options = KnnOptions.top(10).withEfSearch(200).withOverfetch(20);
      ScoreDoc[] hits =
          index.searcher().search(Llm2VecQueries.knn("vector", query, options), 10).scoreDocs;
      assertArrayEquals(
          brute(VectorSimilarityFunction.DOT_PRODUCT, 1, 10),
          Arrays.stream(hits).mapToInt(h -> h.doc).toArray());
      for (ScoreDoc hit : hits) {
        assertEquals(score(VectorSimilarityFunction.DOT_PRODUCT, hit.doc), hit.score);
      }
      ScoreDoc[] raw =
          index
              .searcher()
              .search(Llm2VecQueries.knn("vector", query, options.withOverfetch(1)), 10)
              .scoreDocs;
      assertNotEquals(score(VectorSimilarityFunction.DOT_PRODUCT, raw[0].doc), raw[0].score);
    }
  }

  /** A searcher may have been made of a segment alone, as those of highlighters are. */
  @Test
  void searchesASegmentWithoutAnIndexAroundIt() throws Exception {
    KnnOptions options = KnnOptions.top(20).withEfSearch(200);
    try (VectorIndex index = floats(2)) {
      List<LeafReaderContext> segments = index.searcher().getIndexReader().leaves();
      IndexSearcher segment = new IndexSearcher(segments.get(1).reader());
      ScoreDoc[] expected = segment.search(Llm2VecQueries.exact("vector", query, 20), 20).scoreDocs;
      for (Query filter : List.of(new MatchAllDocsQuery(), new FieldExistsQuery("vector"))) {
        ScoreDoc[] found =
            segment.search(Llm2VecQueries.knn("vector", query, options, filter), 20).scoreDocs;
        assertArrayEquals(docs(expected), docs(found));
      }
    }
  }

  private static int[] docs(ScoreDoc[] hits) {
    return Arrays.stream(hits).mapToInt(hit -> hit.doc).toArray();
  }

  @ParameterizedTest
  @EnumSource(
      value = VectorQuantization.class,
      names = {"FLOAT32", "INT8", "INT4"})
  void bestHitsOfAnotherSearchGetTheScoresOfTheFullVectors(VectorQuantization quantization)
      throws Exception {
    VectorFormatOptions format = VectorFormatOptions.DEFAULTS.withQuantization(quantization);
    try (VectorIndex index =
        new VectorIndex(format, VectorSimilarityFunction.DOT_PRODUCT, 2, documents)) {
      Query luceneAlone = new KnnFloatVectorQuery("vector", query, 200, EVEN);
      Query best =
          Llm2VecQueries.best(
              luceneAlone, "vector", query, KnnOptions.top(10).withEfSearch(200).withOverfetch(20));
      ScoreDoc[] hits = index.searcher().search(best, 100).scoreDocs;
      assertArrayEquals(brute(VectorSimilarityFunction.DOT_PRODUCT, 2, 10), docs(hits));
      for (ScoreDoc hit : hits) {
        assertEquals(score(VectorSimilarityFunction.DOT_PRODUCT, hit.doc), hit.score, 1e-6f);
      }
    }
  }

  @Test
  void equalsLucenesQueryWhenTheBeamIsAsNarrow() throws Exception {
    try (VectorIndex index = floats(1)) {
      KnnOptions options = KnnOptions.top(10).withEfSearch(10);
      assertArrayEquals(
          index.search(new KnnFloatVectorQuery("vector", query, 10), 10),
          index.search(Llm2VecQueries.knn("vector", query, options), 10));
    }
  }

  @Test
  void returnsOnlyKHitsHoweverManySegmentsAndHowWideTheBeam() throws Exception {
    try (VectorIndex index = floats(4)) {
      Query knn = Llm2VecQueries.knn("vector", query, KnnOptions.top(7).withEfSearch(300));
      assertEquals(7, index.searcher().count(knn));
      assertEquals(
          400, index.searcher().count(Llm2VecQueries.knn("vector", query, KnnOptions.top(5000))));
    }
  }

  @Test
  void dropsHitsBelowTheCosine() throws Exception {
    try (VectorIndex index = floats(2)) {
      KnnOptions options = KnnOptions.top(50).withEfSearch(400);
      ScoreDoc[] all =
          index.searcher().search(Llm2VecQueries.knn("vector", query, options), 50).scoreDocs;
      float cosine = 2 * all[20].score - 1;
      ScoreDoc[] near =
          index
              .searcher()
              .search(
                  Llm2VecQueries.knn("vector", query, options.withMinCosine(cosine - 1e-6f)), 50)
              .scoreDocs;
      assertEquals(21, near.length);
    }
  }

  @Test
  void minCosineNeedsAFieldThatIsComparedByCosine() throws Exception {
    try (VectorIndex index =
        new VectorIndex(
            VectorFormatOptions.DEFAULTS, VectorSimilarityFunction.EUCLIDEAN, 2, documents)) {
      Query knn = Llm2VecQueries.knn("vector", query, KnnOptions.top(5).withMinCosine(0.5f));
      assertMessage(
          "minCosine=0.5 cannot be applied to vector field 'vector', which is compared by"
              + " EUCLIDEAN",
          () -> search(index, knn));
    }
  }

  @Test
  void findsAllDocumentsAboveASimilarity() throws Exception {
    HashedWordsEncoder encoder = new HashedWordsEncoder(DIMENSIONS);
    TextVectorField field = TextVectorField.normalized("vector", encoder);
    float[] target = field.queryVector("find this");
    double[] cosines =
        Arrays.stream(documents).mapToDouble(d -> 2 * score(target, d) - 1).sorted().toArray();
    float limit = (float) cosines[cosines.length - 30] - 1e-5f;
    try (VectorIndex index = floats(2)) {
      assertEquals(30, index.searcher().count(Llm2VecQueries.similar(field, "find this", limit)));
      long even =
          IntStream.range(0, documents.length)
              .filter(i -> i % 2 == 0 && 2 * score(target, documents[i]) - 1 >= limit)
              .count();
      assertEquals(
          even, index.searcher().count(Llm2VecQueries.similar(field, "find this", limit, EVEN)));
    }
    assertMessage(
        "minCosine for vector field 'vector' must be between -1 and 1, got 1.5",
        () -> Llm2VecQueries.similar(field, "find this", 1.5f));
  }

  @Test
  void searchesSegmentsInParallelWithTheSameResult() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(2, task -> new Thread(task, "search"));
    try (VectorIndex index = floats(4)) {
      IndexSearcher parallel = new IndexSearcher(index.searcher().getIndexReader(), executor);
      for (Query knn :
          new Query[] {
            Llm2VecQueries.knn("vector", query, KnnOptions.top(10)),
            Llm2VecQueries.exact("vector", query, 10, EVEN)
          }) {
        assertArrayEquals(
            index.search(knn, 10),
            Arrays.stream(parallel.search(knn, 10).scoreDocs).mapToInt(h -> h.doc).toArray());
      }
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void worksAsAClauseOfABooleanQuery() throws Exception {
    try (VectorIndex index = floats(3)) {
      Query knn = Llm2VecQueries.knn("vector", query, KnnOptions.top(20).withEfSearch(400));
      Query both =
          new BooleanQuery.Builder()
              .add(knn, BooleanClause.Occur.MUST)
              .add(EVEN, BooleanClause.Occur.FILTER)
              .build();
      int[] expected =
          Arrays.stream(brute(VectorSimilarityFunction.DOT_PRODUCT, 1, 20))
              .filter(doc -> doc % 2 == 0)
              .toArray();
      assertArrayEquals(expected, index.search(both, 100));
    }
  }

  @Test
  void behavesAsLuceneExpectsOfAQuery() throws Exception {
    try (VectorIndex index = floats(3)) {
      IndexSearcher searcher = index.searcher();
      for (Query knn :
          new Query[] {
            Llm2VecQueries.knn("vector", query, KnnOptions.top(10), EVEN),
            Llm2VecQueries.exact("vector", query, 10)
          }) {
        Query rewritten = searcher.rewrite(knn);
        QueryUtils.checkHashEquals(rewritten);
        QueryUtils.checkExplanations(rewritten, searcher);
        assertEquals(10, searcher.count(rewritten));
      }
    }
  }

  @Test
  void equalQueriesAreEqualAndOthersAreNot() {
    KnnOptions options = KnnOptions.top(10);
    Query knn = Llm2VecQueries.knn("vector", query, options);
    QueryUtils.checkEqual(knn, Llm2VecQueries.knn("vector", query.clone(), options));
    QueryUtils.checkEqual(
        knn, Llm2VecQueries.knn("vector", query, options, new MatchAllDocsQuery()));
    QueryUtils.checkUnequal(knn, Llm2VecQueries.knn("vector", query, options, EVEN));
    QueryUtils.checkUnequal(knn, Llm2VecQueries.knn("vector", query, options.withEfSearch(101)));
    QueryUtils.checkUnequal(knn, Llm2VecQueries.knn("vector", documents[0], options));
    QueryUtils.checkUnequal(knn, Llm2VecQueries.knn("other", query, options));
    QueryUtils.checkUnequal(
        Llm2VecQueries.exact("vector", query, 1), Llm2VecQueries.exact("vector", query, 2));
  }

  @Test
  void aRewrittenQueryRefusesAnotherReader() throws Exception {
    try (VectorIndex index = floats(1);
        VectorIndex other = floats(1)) {
      Query rewritten =
          index.searcher().rewrite(Llm2VecQueries.knn("vector", query, KnnOptions.top(1)));
      assertThrows(IllegalStateException.class, () -> other.searcher().search(rewritten, 1));
    }
  }

  @Test
  void aFieldThatNoDocumentHasMatchesNothing() throws Exception {
    try (VectorIndex index = floats(1)) {
      assertEquals(0, index.search(Llm2VecQueries.exact("missing", query, 3), 3).length);
      assertEquals(
          0, index.search(Llm2VecQueries.knn("missing", query, KnnOptions.top(3)), 3).length);
    }
  }

  @Test
  void rejectsAQueryVectorOfAnotherLength() throws Exception {
    try (VectorIndex index = floats(1)) {
      for (Query knn :
          new Query[] {
            Llm2VecQueries.knn("vector", new float[] {1, 0}, KnnOptions.top(3)),
            Llm2VecQueries.exact("vector", new float[] {1, 0}, 3)
          }) {
        assertMessage(
            "vector field 'vector' has 32 dimensions in the index, the query vector has 2",
            () -> search(index, knn));
      }
    }
  }

  @Test
  void rejectsImpossibleOptions() {
    assertMessage("k must be at least 1, got 0", () -> KnnOptions.top(0));
    assertMessage("k must be at least 1, got 0", () -> Llm2VecQueries.exact("v", query, 0));
    assertMessage(
        "efSearch must be at least k = 10, got 9", () -> KnnOptions.top(10).withEfSearch(9));
    assertMessage("overfetch must be at least 1, got 0", () -> KnnOptions.top(10).withOverfetch(0));
    assertMessage(
        "minCosine must be between -1 and 1, got NaN",
        () -> KnnOptions.top(10).withMinCosine(Float.NaN));
    assertMessage(
        "the query vector for field 'v' has NaN in dimension 0",
        () -> Llm2VecQueries.knn("v", new float[] {Float.NaN}, KnnOptions.top(1)));
  }

  @Test
  void theDefaultBeamIsWiderThanKAndNeverOverflows() {
    assertEquals(200, KnnOptions.top(10).efSearch());
    assertEquals(2000, KnnOptions.top(1000).efSearch());
    assertTrue(KnnOptions.top(Integer.MAX_VALUE).candidates() > 0);
  }

  private static void search(VectorIndex index, Query query) {
    try {
      index.search(query, 10);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  private VectorIndex floats(int segments) throws Exception {
    return new VectorIndex(
        VectorFormatOptions.DEFAULTS, VectorSimilarityFunction.DOT_PRODUCT, segments, documents);
  }

  private float score(VectorSimilarityFunction similarity, int doc) {
    return similarity.compare(query, documents[doc]);
  }

  private static float score(float[] a, float[] b) {
    return VectorSimilarityFunction.DOT_PRODUCT.compare(a, b);
  }

  /** Every {@code step}th document, sorted by score. */
  private int[] brute(VectorSimilarityFunction similarity, int step, int k) {
    return IntStream.range(0, documents.length)
        .filter(doc -> doc % step == 0)
        .boxed()
        .sorted(
            Comparator.<Integer>comparingDouble(doc -> -score(similarity, doc))
                .thenComparing(Comparator.naturalOrder()))
        .limit(k)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}

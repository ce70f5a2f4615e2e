/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.lucene.index.VectorSimilarityFunction;

/**
 * Measures how many of the true ten nearest neighbours the graph search returns, per quantisation,
 * beam and over-fetch. The true neighbours come from the vectors themselves, not from Lucene.
 */
final class RecallCheck {

  private static final int K = 10;

  private final float[][] documents;
  private final float[][] queries;
  private final List<Set<Integer>> truth = new ArrayList<>();

  /**
   * @param documents {@code [documents, dimensions]}, unit vectors
   * @param queries {@code [queries, dimensions]}, unit vectors
   */
  RecallCheck(float[][] documents, float[][] queries) {
    this.documents = documents;
    this.queries = queries;
    for (float[] query : queries) {
      truth.add(nearest(query));
    }
  }

  private Set<Integer> nearest(float[] query) {
    record Scored(int doc, double score) {}
    Scored[] all = new Scored[documents.length];
    for (int i = 0; i < documents.length; i++) {
      double dot = 0;
      for (int j = 0; j < query.length; j++) {
        dot += (double) query[j] * documents[i][j];
      }
      all[i] = new Scored(i, -dot);
    }
    Arrays.sort(all, (a, b) -> Double.compare(a.score(), b.score()));
    Set<Integer> docs = new HashSet<>();
    for (int i = 0; i < Math.min(K, all.length); i++) {
      docs.add(all[i].doc());
    }
    return docs;
  }

  /** Builds an index of the documents in the given number of segments. */
  VectorIndex index(VectorFormatOptions options, int segments) throws IOException {
    return new VectorIndex(options, VectorSimilarityFunction.DOT_PRODUCT, segments, documents);
  }

  /** Mean share of the true ten nearest that a search with these options returns. */
  double recall(VectorIndex index, KnnOptions options) throws IOException {
    int found = 0;
    int wanted = 0;
    for (int i = 0; i < queries.length; i++) {
      Set<Integer> expected = truth.get(i);
      wanted += expected.size();
      for (int doc : index.search(Llm2VecQueries.knn("vector", queries[i], options), K)) {
        found += expected.contains(doc) ? 1 : 0;
      }
    }
    return (double) found / wanted;
  }

  /**
   * One row per quantisation, beam and over-fetch: recall at 10 and milliseconds per query.
   *
   * @param graph the options to vary the quantisation of
   * @param kinds the quantisations
   */
  List<String> table(VectorFormatOptions graph, VectorQuantization... kinds) throws IOException {
    List<String> rows = new ArrayList<>();
    for (VectorQuantization kind : kinds) {
      try (VectorIndex index = index(graph.withQuantization(kind), 1)) {
        for (int efSearch : new int[] {10, 20, 50, 100, 200}) {
          for (int overfetch :
              kind == VectorQuantization.FLOAT32 ? new int[] {1} : new int[] {1, 2, 5}) {
            KnnOptions options = KnnOptions.top(K).withEfSearch(efSearch).withOverfetch(overfetch);
            recall(index, options);
            long start = System.nanoTime();
            double recall = recall(index, options);
            double millis = (System.nanoTime() - start) / 1e6 / queries.length;
            rows.add(
                String.format(
                    Locale.ROOT,
                    "%-8s M=%d beam=%d ef=%d overfetch=%d recall@10=%.3f %.2f ms/query",
                    kind,
                    graph.hnswM(),
                    graph.beamWidth(),
                    efSearch,
                    overfetch,
                    recall,
                    millis));
          }
        }
      }
    }
    return rows;
  }
}

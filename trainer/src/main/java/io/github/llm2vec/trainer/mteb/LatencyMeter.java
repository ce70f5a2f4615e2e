/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.search.HnswSearch;
import io.github.llm2vec.trainer.mteb.search.Ranking;
import io.github.llm2vec.trainer.mteb.search.VectorStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Measures latency and nDCG@10 of HNSW search at growing beam widths ({@code ef}), with brute-force
 * search of the same index for comparison. One query at a time on one thread; every point is warmed
 * up with the queries that are timed.
 */
final class LatencyMeter {

  private static final int HITS = 10;
  private static final List<Integer> BEAMS = List.of(10, 20, 50, 100, 200, 400);
  private static final int MOST_QUERIES = 500;

  /** Stands for a query that cannot be searched, so that queries keep their numbers. */
  private static final float[] NO_DIRECTION = {};

  private final RetrievalSearches searches;
  private final MethodScorer scorer;
  private final List<float[]> queries;
  private List<Ranking> truth = List.of();

  /** One way to answer a query. */
  @FunctionalInterface
  private interface Answer {
    Ranking of(float[] query) throws IOException;
  }

  LatencyMeter(RetrievalSearches searches, MethodScorer scorer) throws IOException {
    this.searches = searches;
    this.scorer = scorer;
    this.queries = new ArrayList<>();
    VectorStore store = searches.requireVectors().queries();
    Set<Integer> unusable = new HashSet<>(store.unusable());
    for (int i = 0; i < Math.min(MOST_QUERIES, store.size()); i++) {
      queries.add(unusable.contains(i) ? NO_DIRECTION : store.copy(i, i + 1));
    }
  }

  /** Measures the graphs among the methods; nothing if there are none. */
  List<TaskEvaluation.LatencyPoint> measure(List<SearchMethod> methods) throws IOException {
    List<TaskEvaluation.LatencyPoint> points = new ArrayList<>();
    for (SearchMethod method : methods) {
      if (method instanceof SearchMethod.Hnsw graph) {
        try (HnswSearch search = searches.open(graph)) {
          if (truth.isEmpty()) {
            truth = answers(query -> search.searchExactly(query, HITS), new double[0]);
            points.add(
                point(
                    new SearchMethod.Exact().label(),
                    0,
                    query -> search.searchExactly(query, HITS)));
          }
          for (int beam : BEAMS) {
            KnnOptions options = KnnOptions.top(HITS).withEfSearch(beam);
            points.add(point(method.label(), beam, query -> search.search(query, options)));
          }
        }
      }
    }
    return points;
  }

  private TaskEvaluation.LatencyPoint point(String label, int beam, Answer answer)
      throws IOException {
    answers(answer, new double[0]);
    double[] millis = new double[queries.size()];
    List<Ranking> rankings = answers(answer, millis);
    double overlap = 0;
    for (int i = 0; i < rankings.size(); i++) {
      overlap += rankings.get(i).overlap(truth.get(i), HITS);
    }
    Arrays.sort(millis);
    return new TaskEvaluation.LatencyPoint(
        label,
        beam,
        millis[millis.length / 2],
        millis[(int) (0.95 * (millis.length - 1))],
        scorer.score(rankings).mean(RetrievalMeasure.NDCG_AT_10),
        overlap / rankings.size(),
        millis.length);
  }

  private List<Ranking> answers(Answer answer, double[] millis) throws IOException {
    List<Ranking> rankings = new ArrayList<>(queries.size());
    for (int i = 0; i < queries.size(); i++) {
      long start = System.nanoTime();
      float[] query = queries.get(i);
      rankings.add(query == NO_DIRECTION ? Ranking.EMPTY : answer.of(query));
      if (i < millis.length) {
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    return rankings;
  }
}

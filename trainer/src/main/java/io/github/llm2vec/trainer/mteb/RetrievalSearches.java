/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.search.Bm25Search;
import io.github.llm2vec.trainer.mteb.search.ExactSearch;
import io.github.llm2vec.trainer.mteb.search.HnswSearch;
import io.github.llm2vec.trainer.mteb.search.RankFusion;
import io.github.llm2vec.trainer.mteb.search.Ranking;
import io.github.llm2vec.trainer.mteb.search.VectorStore;
import io.github.llm2vec.trainer.mteb.task.Finding;
import io.github.llm2vec.trainer.mteb.task.Findings;
import io.github.llm2vec.trainer.mteb.task.RetrievalDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Runs all queries of a task with one search method after the other. The exact rankings and those
 * of the words are kept, because a hybrid is made of them and graphs are compared with them.
 */
final class RetrievalSearches {

  private final Setting setting;
  private final Optional<TaskVectors> vectors;
  private final Findings findings;
  private Optional<Timed> exact = Optional.empty();
  private Optional<Timed> words = Optional.empty();

  /** What is searched and how. */
  record Setting(
      EvaluationTask task,
      RetrievalDataset dataset,
      Optional<ExactSearch> exactSearch,
      EvaluationOptions options,
      Path encoderFolder,
      Path wordsFolder,
      EvaluationListener listener) {}

  /** Rankings of all queries and how long they took, without building indexes. */
  record Timed(List<Ranking> rankings, double seconds) {}

  RetrievalSearches(Setting setting, Optional<TaskVectors> vectors, Findings findings) {
    this.setting = setting;
    this.vectors = vectors;
    this.findings = findings;
  }

  Timed run(SearchMethod method) throws IOException {
    if (method instanceof SearchMethod.Exact) {
      return exact();
    }
    if (method instanceof SearchMethod.Bm25) {
      return words();
    }
    if (method instanceof SearchMethod.Hnsw graph) {
      return graph(graph);
    }
    return hybrid(((SearchMethod.Hybrid) method).fusion());
  }

  /** The exact rankings, computed at most once. */
  Timed exact() throws IOException {
    if (exact.isEmpty()) {
      TaskVectors stores = requireVectors();
      SearchMethod method = new SearchMethod.Exact();
      long start = System.nanoTime();
      List<Ranking> rankings =
          setting
              .exactSearch()
              .orElseThrow(() -> new IllegalStateException("there are no vectors; this is a bug"))
              .search(
                  stores.queries(),
                  stores.documents(),
                  setting.options().hits(),
                  percent -> setting.listener().searched(setting.task(), method, percent));
      exact = Optional.of(new Timed(rankings, seconds(start)));
    }
    return exact.get();
  }

  private Timed words() throws IOException {
    if (words.isEmpty()) {
      Progress progress = new Progress(new SearchMethod.Bm25());
      try (Bm25Search search =
          Bm25Search.open(
              setting.wordsFolder(), setting.dataset().corpus(), setting.options().words())) {
        long start = System.nanoTime();
        List<Ranking> rankings = new ArrayList<>();
        for (Map.Entry<String, String> query : setting.dataset().queries().entrySet()) {
          Bm25Search.Found found = search.search(query.getValue(), setting.options().hits());
          rankings.add(found.ranking());
          reportLong(query.getKey(), found.wordsLeftOut());
          progress.report(rankings.size());
        }
        words = Optional.of(new Timed(rankings, seconds(start)));
      }
    }
    return words.get();
  }

  private void reportLong(String query, int wordsLeftOut) throws IOException {
    if (wordsLeftOut > 0) {
      findings.add(
          new Finding(
              Finding.Kind.LONG_QUERY,
              setting.task().folder().toString(),
              0,
              "query '%s' has %s words more than Lucene searches for; BM25 leaves out the most"
                      .formatted(query, wordsLeftOut)
                  + " frequent ones"));
    }
  }

  private Timed graph(SearchMethod.Hnsw method) throws IOException {
    TaskVectors stores = requireVectors();
    Progress progress = new Progress(method);
    int most = Math.min(setting.options().hits(), stores.documents().size());
    KnnOptions top = KnnOptions.top(most);
    KnnOptions options = top.withEfSearch(setting.options().efSearch().orElse(top.efSearch()));
    try (HnswSearch search = open(method)) {
      long start = System.nanoTime();
      List<Ranking> rankings = new ArrayList<>();
      Set<Integer> unusable = new HashSet<>(stores.queries().unusable());
      VectorStore queries = stores.queries();
      for (int query = 0; query < queries.size(); query++) {
        rankings.add(
            unusable.contains(query)
                ? Ranking.EMPTY
                : search.search(queries.copy(query, query + 1), options));
        progress.report(rankings.size());
      }
      return new Timed(rankings, seconds(start));
    }
  }

  /** Opens or builds the graph of the documents. */
  HnswSearch open(SearchMethod.Hnsw method) throws IOException {
    VectorStore documents = requireVectors().documents();
    return HnswSearch.open(
        setting.encoderFolder().resolve("graph-" + method.quantization().name()),
        documents,
        setting.options().graph().withQuantization(method.quantization()),
        added -> setting.listener().indexed(setting.task(), method, added, documents.size()));
  }

  private Timed hybrid(HybridFusion fusion) throws IOException {
    Timed byVectors = exact();
    Timed byWords = words();
    long start = System.nanoTime();
    List<Ranking> rankings = new ArrayList<>();
    for (int query = 0; query < byVectors.rankings().size(); query++) {
      rankings.add(
          RankFusion.fuse(
              byWords.rankings().get(query),
              byVectors.rankings().get(query),
              setting.options().hits(),
              fusion));
    }
    return new Timed(rankings, byVectors.seconds() + byWords.seconds() + seconds(start));
  }

  TaskVectors requireVectors() {
    return vectors.orElseThrow(
        () -> new IllegalStateException("no vectors were encoded; this is a bug"));
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Tells the listener about every percent once. */
  private final class Progress {
    private final SearchMethod method;
    private int told = -1;

    Progress(SearchMethod method) {
      this.method = method;
    }

    void report(int done) {
      int percent = (int) (100L * done / setting.dataset().queries().size());
      if (percent > told) {
        told = percent;
        setting.listener().searched(setting.task(), method, percent);
      }
    }
  }
}

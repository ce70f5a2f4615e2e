/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.demo.DemoPage.DemoSearch;
import io.github.llm2vec.cli.search.CorpusSearcher.SearchHit;
import io.github.llm2vec.cli.search.QueryLoop;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Runs a file of queries on the demo's collection, shows the first few and sums up all. */
final class DemoQueries {

  private static final int SHOWN_HITS = 3;

  private final PrintStream out;
  private final SolrCollection collection;
  private final List<DemoSearch> searches;
  private final Qrels qrels;
  private final int topK;
  private final int shownQueries;

  private final List<Double> milliseconds = new ArrayList<>();
  private final Map<DemoSearch, Double> recall = new LinkedHashMap<>();
  private int judged;

  /**
   * Describes a run.
   *
   * @param searches whose recall is compared, if there are qrels
   * @param topK hits that are asked for
   * @param shownQueries of how many queries hits are shown
   */
  DemoQueries(
      PrintStream out,
      SolrCollection collection,
      List<DemoSearch> searches,
      Qrels qrels,
      int topK,
      int shownQueries) {
    this.out = out;
    this.collection = collection;
    this.searches = List.copyOf(searches);
    this.qrels = qrels;
    this.topK = topK;
    this.shownQueries = shownQueries;
  }

  void run(TextReader queries, InterruptHandler stop) throws IOException {
    for (Optional<TextRecord> query = queries.next();
        query.isPresent() && !stop.requested();
        query = queries.next()) {
      if (!query.get().content().isBlank()) {
        run(query.get());
      }
    }
    if (!milliseconds.isEmpty()) {
      sumUp();
    }
  }

  private void run(TextRecord query) throws IOException {
    long started = System.nanoTime();
    List<SearchHit> hits = collection.byMeaning(query.content(), topK);
    double took = (System.nanoTime() - started) / 1e6;
    milliseconds.add(took);
    if (!qrels.relevant(query.id()).isEmpty()) {
      judged++;
      for (DemoSearch search : searches) {
        List<SearchHit> found = collection.search(search, query.content(), topK);
        List<String> ids = found.stream().map(SearchHit::id).toList();
        recall.merge(search, qrels.recall(query.id(), ids), Double::sum);
      }
    }
    if (milliseconds.size() <= shownQueries) {
      show(query, hits, took);
    }
  }

  private void show(TextRecord query, List<SearchHit> hits, double took) {
    out.printf(Locale.ROOT, "%n%s   (%.1f ms)%n", query.content(), took);
    for (SearchHit hit : hits.subList(0, Math.min(SHOWN_HITS, hits.size()))) {
      out.printf(
          Locale.ROOT,
          "  %s %.4f  %s  %s%n",
          qrels.relevant(query.id()).contains(hit.id()) ? "*" : " ",
          hit.score(),
          hit.id(),
          hit.title().isEmpty() ? QueryLoop.snippet(hit.text()) : hit.title());
    }
  }

  private void sumUp() {
    Collections.sort(milliseconds);
    out.printf(
        Locale.ROOT,
        "%n%,d queries over HTTP, encoding included: median %.1f ms, 95th percentile %.1f ms.%n",
        milliseconds.size(),
        percentile(0.5),
        percentile(0.95));
    if (judged > 0) {
      String shares =
          recall.entrySet().stream()
              .map(
                  search ->
                      String.format(
                          Locale.ROOT,
                          "%s %.0f%%",
                          search.getKey().title(),
                          100 * search.getValue() / judged))
              .collect(Collectors.joining(", "));
      out.printf(
          Locale.ROOT,
          "Of the documents that people judged relevant, among the first %d: %s.%n",
          topK,
          shares);
    }
  }

  private double percentile(double part) {
    return milliseconds.get((int) Math.min(milliseconds.size() - 1, milliseconds.size() * part));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.demo.DemoPage.DemoExample;
import io.github.llm2vec.cli.demo.DemoPage.DemoSearch;
import io.github.llm2vec.cli.search.CorpusSearcher.SearchHit;
import io.github.llm2vec.cli.search.QueryLoop;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Prints what the page's searches find for its examples. */
record DemoComparison(PrintStream out, SolrCollection collection, DemoPage page) {

  private static final int SHOWN_HITS = 3;

  void run(InterruptHandler stop) throws IOException {
    for (DemoExample example : page.examples()) {
      if (stop.requested()) {
        return;
      }
      out.printf("%n%s%n", example.query());
      for (DemoSearch search : page.searches()) {
        show(example, search);
      }
    }
    if (!page.examples().isEmpty()) {
      out.println("\n(* the document that the example says in other words)");
    }
    out.flush();
  }

  private void show(DemoExample example, DemoSearch search) throws IOException {
    long started = System.nanoTime();
    List<SearchHit> hits = collection.search(search, example.query(), SHOWN_HITS);
    double milliseconds = (System.nanoTime() - started) / 1e6;
    out.printf(Locale.ROOT, "  %-7s %.0f ms%n", search.title(), milliseconds);
    if (hits.isEmpty()) {
      out.println("            no document has any of these words");
    }
    for (SearchHit hit : hits) {
      out.printf(
          Locale.ROOT,
          "          %s %8.4f  %s%n",
          hit.id().equals(example.finds()) ? "*" : " ",
          hit.score(),
          hit.title().isEmpty() ? QueryLoop.snippet(hit.text()) : hit.title());
    }
  }
}

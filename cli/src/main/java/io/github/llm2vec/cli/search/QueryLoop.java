/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.search.CorpusSearcher.SearchHit;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads queries, has them answered and prints or writes the hits.
 *
 * @param console where queries are typed and hits printed
 * @param search answers
 * @param prefetch told the next queries of a file before they are answered one by one
 * @param stop ends a loop over a file between two queries
 */
public record QueryLoop(
    Console console, Search search, Consumer<List<String>> prefetch, InterruptHandler stop) {

  private static final int WINDOW = 256;
  private static final int SNIPPET_CHARACTERS = 160;

  /** Answers one query. */
  @FunctionalInterface
  interface Search {
    List<SearchHit> search(String query) throws IOException;
  }

  /** Answers lines of standard input until it ends. */
  void typed() throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8));
    while (true) {
      if (console.typed()) {
        console.err().print("\nquery (Ctrl-D ends)> ");
        console.err().flush();
      }
      Optional<String> line = stop.idle(() -> Optional.ofNullable(lines.readLine()));
      if (line.isEmpty()) {
        return;
      }
      if (!line.get().isBlank()) {
        print(line.get().strip());
      }
    }
  }

  /** Prints the hits of all queries of a file; false if it was stopped before. */
  boolean printed(TextReader queries) throws IOException {
    return forEach(queries, query -> print(query.content()));
  }

  /**
   * Writes the hits of all queries to a run file, which gets its name when it is complete.
   *
   * @param name of the run, the last column
   * @return false if it was stopped before
   */
  boolean toRunFile(TextReader queries, Path output, String name) throws IOException {
    Path partial = output.resolveSibling(output.getFileName() + ".partial");
    boolean complete;
    try (Writer run = Files.newBufferedWriter(partial)) {
      complete =
          forEach(
              queries,
              query -> {
                int rank = 1;
                for (SearchHit hit : search.search(query.content())) {
                  run.write(
                      String.format(
                          Locale.ROOT,
                          "%s Q0 %s %d %.7g %s%n",
                          query.id(),
                          hit.id(),
                          rank++,
                          hit.score(),
                          name));
                }
              });
    }
    if (complete) {
      Files.move(partial, output, StandardCopyOption.REPLACE_EXISTING);
    }
    return complete;
  }

  /** What is done with a query. */
  @FunctionalInterface
  private interface Action {
    void run(TextRecord query) throws IOException;
  }

  private boolean forEach(TextReader queries, Action action) throws IOException {
    while (true) {
      List<TextRecord> window = queries.take(WINDOW);
      if (window.isEmpty()) {
        return true;
      }
      prefetch.accept(
          window.stream().map(TextRecord::content).filter(text -> !text.isBlank()).toList());
      for (TextRecord query : window) {
        if (stop.requested()) {
          return false;
        }
        if (!query.content().isBlank()) {
          action.run(query);
        }
      }
    }
  }

  private void print(String query) throws IOException {
    long started = System.nanoTime();
    List<SearchHit> hits = search.search(query);
    double milliseconds = (System.nanoTime() - started) / 1e6;
    PrintStream out = console.out();
    out.printf(Locale.ROOT, "%n%s   (%d hits, %.1f ms)%n", query, hits.size(), milliseconds);
    int rank = 1;
    for (SearchHit hit : hits) {
      out.printf(Locale.ROOT, "%3d. %.4f  %s  %s%n", rank++, hit.score(), hit.id(), hit.title());
      out.println("     " + shown(hit));
    }
    out.flush();
  }

  /** The best passage with its place in the text, or else the beginning of the text. */
  private static String shown(SearchHit hit) {
    return hit.passage()
        .map(
            passage ->
                "[%s-%s] %s"
                    .formatted(passage.start(), passage.end(), line(passage.of(hit.text()))))
        .orElseGet(() -> snippet(hit.text()));
  }

  private static String line(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  /** The beginning of a text on one line. */
  public static String snippet(String text) {
    String line = line(text);
    if (line.length() <= SNIPPET_CHARACTERS) {
      return line;
    }
    return line.substring(0, line.offsetByCodePoints(0, line.codePointCount(0, SNIPPET_CHARACTERS)))
        + " ...";
  }
}

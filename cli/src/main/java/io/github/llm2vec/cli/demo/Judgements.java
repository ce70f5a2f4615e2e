/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.search.SearchHit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Relevance judgements (qrels): the relevant documents of each query.
 *
 * @param relevant ids of documents by the id of the query
 */
public record Judgements(Map<String, Set<String>> relevant) {

  /** Knows of nothing. */
  public static final Judgements NONE = new Judgements(Map.of());

  /** Copies the map. */
  public Judgements {
    relevant = Map.copyOf(relevant);
  }

  /**
   * Reads a file of BEIR (query, document, score, after a heading) or of TREC (query, iteration,
   * document, score). A score of zero or less says that the document is not relevant.
   */
  public static Judgements read(Path file) throws IOException {
    Map<String, Set<String>> relevant = new HashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String[] columns = lines.get(i).strip().split("\\s+", -1);
      boolean heading = i == 0 && columns[0].startsWith("query");
      if (heading || lines.get(i).isBlank()) {
        continue;
      }
      if ((columns.length != 3 && columns.length != 4)
          || !columns[columns.length - 1].matches("-?\\d+")) {
        throw new IOException(
            file
                + ":"
                + (i + 1)
                + ": expected query, document and a whole score, found '"
                + lines.get(i)
                + "'");
      }
      if (Integer.parseInt(columns[columns.length - 1]) > 0) {
        relevant
            .computeIfAbsent(columns[0], query -> new HashSet<>())
            .add(columns[columns.length - 2]);
      }
    }
    return new Judgements(relevant);
  }

  /** Whether a document is relevant to a query. */
  public boolean isRelevant(String query, String document) {
    return relevant.getOrDefault(query, Set.of()).contains(document);
  }

  /** Whether anything is known of a query. */
  public boolean knows(String query) {
    return relevant.containsKey(query);
  }

  /** The share of a known query's relevant documents that are among the hits. */
  public double recall(String query, List<SearchHit> hits) {
    long found = hits.stream().filter(hit -> isRelevant(query, hit.id())).count();
    return (double) found / relevant.get(query).size();
  }
}

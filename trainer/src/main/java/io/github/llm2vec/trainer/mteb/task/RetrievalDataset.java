/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A retrieval dataset: corpus, queries and qrels of one split.
 *
 * @param queries text by id of the queries that the split judges, in the order of their file
 * @param judgements of the split
 * @param corpus the documents
 */
public record RetrievalDataset(Map<String, String> queries, Qrels judgements, Corpus corpus) {

  /** Keeps the order of the queries. */
  public RetrievalDataset {
    queries = Collections.unmodifiableMap(new LinkedHashMap<>(queries));
  }

  /**
   * Reads queries and judgements, and the documents once.
   *
   * @param source where they are
   * @param split which judgements count; queries of other splits are not searched
   * @param workFolder takes files that are needed while evaluating
   * @param findings takes what is wrong
   * @throws DatasetException if the split does not exist or nothing is left to search
   */
  public static RetrievalDataset load(
      RetrievalFolder source, String split, Path workFolder, Findings findings) throws IOException {
    Map<String, Map<String, Integer>> grades = source.readQrels(split, findings);
    Map<String, String> all = QueryReader.read(source.queries(), source.formats(), findings);
    Set<String> judgedElsewhere = judgedElsewhere(source, split);
    Map<String, String> queries = new LinkedHashMap<>();
    for (Map.Entry<String, String> query : all.entrySet()) {
      if (grades.containsKey(query.getKey())) {
        queries.put(query.getKey(), query.getValue());
      } else if (!judgedElsewhere.contains(query.getKey())) {
        findings.add(
            finding(
                Finding.Kind.UNJUDGED_QUERY,
                source.queries(),
                "query '" + query.getKey() + "' has no judgement in any split; it is left out"));
      }
    }
    check(grades, all.keySet(), Objects.requireNonNull(source.qrels().get(split), split), findings);
    if (queries.isEmpty()) {
      throw new DatasetException(
          source.folder() + ": no query of the split '" + split + "' is among the queries");
    }
    Set<String> judged = new HashSet<>();
    grades.values().forEach(documents -> judged.addAll(documents.keySet()));
    Corpus corpus = Corpus.scan(source.corpus(), source.formats(), judged, workFolder, findings);
    return new RetrievalDataset(queries, Qrels.of(grades), corpus);
  }

  /** Findings of the other splits are not reported: they do not touch this one. */
  private static Set<String> judgedElsewhere(RetrievalFolder source, String split)
      throws IOException {
    Set<String> queries = new HashSet<>();
    for (String other : source.qrels().keySet()) {
      if (!other.equals(split)) {
        queries.addAll(source.readQrels(other, Findings.lenient(finding -> {})).keySet());
      }
    }
    return queries;
  }

  private static void check(
      Map<String, Map<String, Integer>> grades,
      Set<String> queries,
      List<Path> qrels,
      Findings findings)
      throws IOException {
    for (Map.Entry<String, Map<String, Integer>> query : grades.entrySet()) {
      if (!queries.contains(query.getKey())) {
        findings.add(
            finding(
                Finding.Kind.UNKNOWN_QUERY,
                qrels,
                "query '%s' is judged but not among the queries; it cannot be searched"
                    .formatted(query.getKey())));
      } else if (query.getValue().values().stream().noneMatch(grade -> grade > 0)) {
        findings.add(
            finding(
                Finding.Kind.NO_RELEVANT_DOCUMENT,
                qrels,
                "query '%s' has no relevant document; every measure is 0 for it"
                    .formatted(query.getKey())));
      }
    }
  }

  private static Finding finding(Finding.Kind kind, List<Path> files, String message) {
    return new Finding(kind, files.get(0).toString(), 0, message);
  }
}

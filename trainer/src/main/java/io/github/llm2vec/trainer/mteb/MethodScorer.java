/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.metrics.Hit;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalEvaluator;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.results.RunFileWriter;
import io.github.llm2vec.trainer.mteb.search.Ranking;
import io.github.llm2vec.trainer.mteb.task.DocumentIds;
import io.github.llm2vec.trainer.mteb.task.RetrievalDataset;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Computes the measures of every query from rankings of document numbers. */
final class MethodScorer {

  private final RetrievalDataset dataset;
  private final List<String> queries;
  private final boolean ignoreIdenticalIds;
  private final RetrievalEvaluator evaluator;

  MethodScorer(TaskDefinition task, RetrievalDataset dataset) {
    this.dataset = dataset;
    this.queries = List.copyOf(dataset.queries().keySet());
    this.ignoreIdenticalIds = task.ignoreIdenticalIds();
    this.evaluator = new RetrievalEvaluator(dataset.judgements(), RetrievalMeasure.mteb());
  }

  /** Measures without writing. */
  RetrievalScores score(List<Ranking> rankings) {
    RetrievalScores scores = newScores();
    for (int i = 0; i < rankings.size(); i++) {
      scores.add(
          queries.get(i), evaluator.score(queries.get(i), hits(queries.get(i), rankings.get(i))));
    }
    return scores;
  }

  /** Measures and writes a run file. */
  RetrievalScores score(List<Ranking> rankings, Path runFile, String tag) throws IOException {
    RetrievalScores scores = newScores();
    try (RunFileWriter run = new RunFileWriter(runFile, tag)) {
      for (int i = 0; i < rankings.size(); i++) {
        String query = queries.get(i);
        List<Hit> hits = hits(query, rankings.get(i));
        run.write(query, hits);
        scores.add(query, evaluator.score(query, hits));
      }
      run.finish();
    }
    return scores;
  }

  private RetrievalScores newScores() {
    return new RetrievalScores(evaluator.measures(), dataset.judgements().queries());
  }

  /** MTEB drops the query itself after cutting, so one hit fewer may remain. */
  private List<Hit> hits(String query, Ranking ranking) {
    DocumentIds ids = dataset.corpus().ids();
    List<Hit> hits = new ArrayList<>(ranking.size());
    for (int rank = 0; rank < ranking.size(); rank++) {
      String id = ids.get(ranking.document(rank));
      if (!(ignoreIdenticalIds && id.equals(query))) {
        hits.add(new Hit(id, ranking.score(rank)));
      }
    }
    return hits;
  }
}

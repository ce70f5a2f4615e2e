/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.TaskEvaluation.EvaluatedModel;
import io.github.llm2vec.trainer.mteb.metrics.PairedTest;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.results.QueryScoresFile;
import io.github.llm2vec.trainer.mteb.results.ResultComparison;
import io.github.llm2vec.trainer.mteb.results.SubsetScores;
import io.github.llm2vec.trainer.mteb.search.ExactSearch;
import io.github.llm2vec.trainer.mteb.search.Ranking;
import io.github.llm2vec.trainer.mteb.task.Findings;
import io.github.llm2vec.trainer.mteb.task.RetrievalDataset;
import io.github.llm2vec.trainer.mteb.task.RetrievalFolder;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Evaluates one retrieval task by all methods. */
record RetrievalEvaluation(
    Optional<EvaluatedModel> model,
    Optional<ExactSearch> exactSearch,
    EvaluationOptions options,
    EvaluationFiles files) {

  private static final int OVERLAP_DEPTH = 10;

  TaskEvaluation evaluate(EvaluationTask task, EvaluationListener listener, Findings findings)
      throws IOException {
    long start = System.nanoTime();
    TaskDefinition definition = task.definition();
    RetrievalDataset dataset =
        RetrievalDataset.load(
            RetrievalFolder.locate(task.folder(), options.formats()),
            definition.split(),
            files.work(definition).resolve("ids"),
            findings);
    Optional<TaskVectors> vectors = encode(task, dataset, listener, findings);
    RetrievalSearches searches =
        new RetrievalSearches(
            new RetrievalSearches.Setting(
                task,
                dataset,
                exactSearch,
                options,
                files.work(definition, fingerprint()),
                files.work(definition).resolve("words"),
                listener),
            vectors,
            findings);
    MethodScorer scorer = new MethodScorer(definition, dataset);
    List<TaskEvaluation.MethodResult> results = new ArrayList<>();
    for (SearchMethod method : options.methods()) {
      TaskEvaluation.MethodResult result = measure(task, method, searches, scorer);
      results.add(result);
      listener.measured(task, result);
    }
    List<TaskEvaluation.LatencyPoint> costs =
        options.measureCosts() && vectors.isPresent()
            ? new LatencyMeter(searches, scorer).measure(options.methods())
            : List.of();
    return new TaskEvaluation(
        definition.name(),
        definition.type().mtebName(),
        definition.split(),
        task.instruction(),
        new TaskEvaluation.Size(
            dataset.queries().size(),
            dataset.corpus().size(),
            vectors.map(stores -> stores.documents().dimensions()).orElse(0)),
        results,
        costs,
        findings.counts(),
        (System.nanoTime() - start) / 1e9);
  }

  private String fingerprint() {
    return model.map(EvaluatedModel::fingerprint).orElse("none");
  }

  private Optional<TaskVectors> encode(
      EvaluationTask task, RetrievalDataset dataset, EvaluationListener listener, Findings findings)
      throws IOException {
    if (!options.usesVectors()) {
      return Optional.empty();
    }
    EvaluatedModel tested =
        model.orElseThrow(
            () -> new IllegalStateException("vectors without a model; this is a bug"));
    return Optional.of(
        TaskVectors.encode(
            new TaskVectors.Encoding(
                task,
                tested,
                files.work(task.definition(), fingerprint()),
                options.shardVectors(),
                listener),
            dataset,
            findings));
  }

  private TaskEvaluation.MethodResult measure(
      EvaluationTask task, SearchMethod method, RetrievalSearches searches, MethodScorer scorer)
      throws IOException {
    TaskDefinition definition = task.definition();
    String system = method.systemName(model.map(EvaluatedModel::name).orElse("none"));
    RetrievalSearches.Timed timed = searches.run(method);
    RetrievalScores scores = scorer.score(timed.rankings(), files.run(definition, system), system);
    QueryScoresFile.write(files.queries(definition, system), scores);
    Map<String, Double> means = SubsetScores.retrieval(scores);
    boolean comparable = options.usesVectors() && !(method instanceof SearchMethod.Exact);
    return new TaskEvaluation.MethodResult(
        method.label(),
        system,
        new SubsetScores(
            definition.subset(), definition.languages(), definition.type().mainScore(), means),
        List.of(scores),
        comparable ? List.of(compare(searches, scorer, timed, scores)) : List.of(),
        timed.seconds());
  }

  private static TaskEvaluation.MethodResult.AgainstExact compare(
      RetrievalSearches searches,
      MethodScorer scorer,
      RetrievalSearches.Timed timed,
      RetrievalScores scores)
      throws IOException {
    List<Ranking> exact = searches.exact().rankings();
    RetrievalScores truth = scorer.score(exact);
    RetrievalMeasure measure = RetrievalMeasure.NDCG_AT_10;
    PairedTest tTest = ResultComparison.tTest(scores, truth, measure);
    double overlap = 0;
    for (int query = 0; query < exact.size(); query++) {
      overlap += timed.rankings().get(query).overlap(exact.get(query), OVERLAP_DEPTH);
    }
    return new TaskEvaluation.MethodResult.AgainstExact(
        tTest.meanDifference(),
        tTest.pValue(),
        ResultComparison.randomisation(scores, truth, measure).pValue(),
        overlap / exact.size());
  }
}

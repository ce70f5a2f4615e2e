/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.TaskEvaluation.EvaluatedModel;
import io.github.llm2vec.trainer.mteb.metrics.Correlation;
import io.github.llm2vec.trainer.mteb.results.SubsetScores;
import io.github.llm2vec.trainer.mteb.search.VectorStore;
import io.github.llm2vec.trainer.mteb.search.VectorStoreBuilder;
import io.github.llm2vec.trainer.mteb.task.Findings;
import io.github.llm2vec.trainer.mteb.task.ScoredPairs;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToDoubleBiFunction;

/**
 * Evaluates an STS task: correlations of cosines with the scores of people. Both sentences carry
 * the task's instruction, as upstream has it. Manhattan and Euclidean distances are of vectors of
 * length 1, so the Euclidean one ranks exactly as the cosine does; MTEB takes them of the vectors
 * as they come.
 */
record StsEvaluation(EvaluatedModel model, EvaluationOptions options, EvaluationFiles files) {

  private static final String LABEL = "similarity";

  TaskEvaluation evaluate(EvaluationTask task, EvaluationListener listener, Findings findings)
      throws IOException {
    long start = System.nanoTime();
    TaskDefinition definition = task.definition();
    ScoredPairs pairs =
        ScoredPairs.read(task.folder(), definition.split(), options.formats(), findings);
    Map<String, Integer> numbers = numbers(pairs);
    VectorStore store = encode(task, List.copyOf(numbers.keySet()), listener);
    float[] vectors = store.copy(0, store.size());
    Map<String, Double> scores = new LinkedHashMap<>();
    double[] gold = pairs.scores().stream().mapToDouble(Double::doubleValue).toArray();
    double[] cosines = similarities(pairs, numbers, vectors, StsEvaluation::dot);
    put(scores, "", gold, cosines);
    put(scores, "cosine_", gold, cosines);
    put(
        scores,
        "manhattan_",
        gold,
        similarities(pairs, numbers, vectors, (a, b) -> -distance(a, b, 1)));
    put(
        scores,
        "euclidean_",
        gold,
        similarities(pairs, numbers, vectors, (a, b) -> -distance(a, b, 2)));
    double seconds = (System.nanoTime() - start) / 1e9;
    TaskEvaluation.MethodResult result =
        new TaskEvaluation.MethodResult(
            LABEL,
            model.name(),
            new SubsetScores(
                definition.subset(), definition.languages(), definition.type().mainScore(), scores),
            List.of(),
            List.of(),
            seconds);
    listener.measured(task, result);
    return new TaskEvaluation(
        definition.name(),
        definition.type().mtebName(),
        definition.split(),
        task.instruction(),
        new TaskEvaluation.Size(pairs.scores().size(), 0, store.dimensions()),
        List.of(result),
        List.of(),
        findings.counts(),
        seconds);
  }

  /** Sentences that occur again are encoded once. */
  private static Map<String, Integer> numbers(ScoredPairs pairs) {
    Set<String> texts = new LinkedHashSet<>(pairs.first());
    texts.addAll(pairs.second());
    Map<String, Integer> numbers = new LinkedHashMap<>();
    texts.forEach(text -> numbers.put(text, numbers.size()));
    return numbers;
  }

  private VectorStore encode(EvaluationTask task, List<String> texts, EvaluationListener listener)
      throws IOException {
    return new VectorStoreBuilder(
            files.work(task.definition(), model.encoder().fingerprint()).resolve("sentences"),
            model.encoder(),
            Prompt.query(task.instruction()),
            options.shardVectors())
        .build(
            RecordStream.of(texts),
            (done, fresh) -> listener.encoded(task, "sentences", done, texts.size(), fresh));
  }

  private static double[] similarities(
      ScoredPairs pairs,
      Map<String, Integer> numbers,
      float[] vectors,
      ToDoubleBiFunction<float[], float[]> similarity) {
    int dimensions = vectors.length / numbers.size();
    List<float[]> rows = new ArrayList<>();
    for (int from = 0; from < vectors.length; from += dimensions) {
      rows.add(Arrays.copyOfRange(vectors, from, from + dimensions));
    }
    double[] similarities = new double[pairs.scores().size()];
    for (int i = 0; i < similarities.length; i++) {
      similarities[i] =
          similarity.applyAsDouble(
              rows.get(Objects.requireNonNull(numbers.get(pairs.first().get(i)))),
              rows.get(Objects.requireNonNull(numbers.get(pairs.second().get(i)))));
    }
    return similarities;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static double distance(float[] a, float[] b, int power) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      sum += power == 1 ? difference : difference * difference;
    }
    return power == 1 ? sum : Math.sqrt(sum);
  }

  private static void put(
      Map<String, Double> scores, String prefix, double[] gold, double[] similarities) {
    scores.put(prefix + "pearson", Correlation.pearson(gold, similarities));
    scores.put(prefix + "spearman", Correlation.spearman(gold, similarities));
  }
}

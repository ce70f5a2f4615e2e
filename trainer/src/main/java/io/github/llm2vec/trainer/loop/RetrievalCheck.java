/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.encoder.TextPacker;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.trainer.config.RetrievalArguments;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.mteb.metrics.Hit;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalEvaluator;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.task.Corpus;
import io.github.llm2vec.trainer.mteb.task.DocumentIds;
import io.github.llm2vec.trainer.mteb.task.Findings;
import io.github.llm2vec.trainer.mteb.task.RecordFormats;
import io.github.llm2vec.trainer.mteb.task.RetrievalDataset;
import io.github.llm2vec.trainer.mteb.task.RetrievalFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * How well the encoder that is trained finds the documents of a small retrieval set: nDCG@10 of
 * cosines, over all documents. Texts are tokenized once and kept; vectors are made anew each time.
 */
final class RetrievalCheck implements ModelEvaluation {

  static final String METRIC = "eval_ndcg_at_10";

  private static final int RANKS = 10;
  private static final int TEXTS_AT_ONCE = 64;

  /** What vectors may take of the heap, in floats: 256 MB. */
  private static final long MOST_FLOATS = 64L << 20;

  private final TrainableDecoder model;
  private final TextPacker packer;
  private final RetrievalDataset dataset;
  private final List<TokenizedText> queries = new ArrayList<>();
  private final List<TokenizedText> documents = new ArrayList<>();
  private final RetrievalEvaluator evaluator;

  /**
   * How texts are read by the model.
   *
   * @param model gives vectors
   * @param packer how texts are pooled
   * @param query prepares a query
   * @param document prepares a document
   */
  record Reading(
      TrainableDecoder model,
      TextPacker packer,
      Function<String, TokenizedText> query,
      Function<String, TokenizedText> document) {}

  /**
   * Reads and tokenizes a retrieval set.
   *
   * @param work a folder for its ids
   * @throws IOException if it is no retrieval set, or too large for this
   */
  RetrievalCheck(RetrievalArguments arguments, Path work, Reading reading) throws IOException {
    this.model = reading.model();
    this.packer = reading.packer();
    this.dataset =
        RetrievalDataset.load(
            RetrievalFolder.locate(arguments.folder(), RecordFormats.DEFAULTS),
            arguments.split(),
            work,
            Findings.lenient(finding -> {}));
    long floats = (long) dataset.corpus().size() * model.trainer().vectorWidth();
    if (floats > MOST_FLOATS) {
      throw new TrainingException(
          "eval_retrieval %s has %s documents, at most %s can be searched while training; name a"
                  .formatted(
                      arguments.folder(),
                      dataset.corpus().size(),
                      MOST_FLOATS / model.trainer().vectorWidth())
              + " smaller set, or evaluate the result with tasks");
    }
    dataset.queries().values().forEach(text -> queries.add(reading.query().apply(text)));
    try (RecordStream<Corpus.Document> corpus = dataset.corpus().open()) {
      corpus.forEach(document -> documents.add(reading.document().apply(document.passage())));
    }
    this.evaluator =
        new RetrievalEvaluator(dataset.judgements(), List.of(RetrievalMeasure.NDCG_AT_10));
  }

  @Override
  public Map<String, Double> evaluate() {
    long start = System.nanoTime();
    float[][] searched = vectors(documents);
    float[][] asked = vectors(queries);
    List<String> names = List.copyOf(dataset.queries().keySet());
    double sum =
        IntStream.range(0, asked.length)
            .parallel()
            .mapToDouble(
                query -> evaluator.score(names.get(query), best(asked[query], searched))[0])
            .sum();
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(METRIC, sum / asked.length);
    figures.put("eval_retrieval_runtime", (System.nanoTime() - start) / 1e9);
    return figures;
  }

  /** Vectors of length one; texts of like length go through the model together. */
  private float[][] vectors(List<TokenizedText> texts) {
    float[][] vectors = new float[texts.size()][];
    List<Integer> order =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(text -> texts.get(text).length()))
            .toList();
    for (int from = 0; from < order.size(); from += TEXTS_AT_ONCE) {
      List<Integer> some = order.subList(from, Math.min(order.size(), from + TEXTS_AT_ONCE));
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int text : some) {
        packer.add(builder, texts.get(text), texts.get(text).length());
      }
      float[][] rows = model.trainer().project(builder.build());
      for (int i = 0; i < rows.length; i++) {
        vectors[some.get(i)] = Vectors.finish(rows[i], rows[i].length, true);
      }
    }
    return vectors;
  }

  private List<Hit> best(float[] query, float[][] searched) {
    float[] scores = new float[searched.length];
    for (int document = 0; document < searched.length; document++) {
      float sum = 0;
      for (int i = 0; i < query.length; i++) {
        sum += query[i] * searched[document][i];
      }
      scores[document] = sum;
    }
    DocumentIds ids = dataset.corpus().ids();
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer document) -> -scores[document]))
        .limit(RANKS)
        .map(document -> new Hit(ids.get(document), scores[document]))
        .toList();
  }
}

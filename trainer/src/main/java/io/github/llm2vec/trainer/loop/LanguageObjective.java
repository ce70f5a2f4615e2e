/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.torch.MaskedLanguageModelScore;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.trainer.dataloader.LanguageModelingData.CausalBatch;
import io.github.llm2vec.trainer.dataloader.MntpBatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The objectives of language modelling, masked (MNTP) and causal: cross-entropy of every labelled
 * token, predicted from the position before it.
 *
 * @param <B> what a batch is
 */
record LanguageObjective<B>(TrainableDecoder decoder, Function<B, List<Row>> reader)
    implements Objective<B> {

  /**
   * A text with what is predicted of it.
   *
   * @param ids (S), at least one
   * @param labels (S), IGNORED where nothing is predicted
   */
  // Compared by nobody, so that the array does no harm.
  @SuppressWarnings("ArrayRecordComponent")
  private record Row(int[] ids, int[] labels) {

    /** The first token has none before it to be predicted from. */
    long predictions() {
      long count = 0;
      for (int i = 1; i < labels.length; i++) {
        count += labels[i] == MntpBatch.IGNORED ? 0 : 1;
      }
      return count;
    }
  }

  /** Masked next token prediction. */
  static LanguageObjective<MntpBatch> masked(TrainableDecoder decoder) {
    return new LanguageObjective<>(
        decoder,
        batch -> {
          List<Row> rows = new ArrayList<>();
          for (int row = 0; row < batch.rows(); row++) {
            if (batch.length(row) > 0) {
              rows.add(new Row(batch.ids(row), batch.labels(row)));
            }
          }
          return rows;
        });
  }

  /** Prediction of every token from those before it. */
  static LanguageObjective<CausalBatch> causal(TrainableDecoder decoder) {
    return new LanguageObjective<>(
        decoder,
        batch ->
            batch.rows().stream()
                .map(
                    row -> {
                      int[] ids = new int[row.length()];
                      for (int i = 0; i < ids.length; i++) {
                        ids[i] = row.id(i);
                      }
                      return new Row(ids, ids);
                    })
                .toList());
  }

  @Override
  public boolean isEmpty(B batch) {
    return reader.apply(batch).stream().allMatch(row -> row.predictions() == 0);
  }

  @Override
  public int tokens(B batch) {
    return reader.apply(batch).stream().mapToInt(row -> row.ids.length).sum();
  }

  @Override
  public int rows(B batch) {
    return reader.apply(batch).size();
  }

  @Override
  public double addGradient(B batch, double weight) {
    return decoder.trainer().addMaskedLoss(pack(batch), weight);
  }

  /** {@code eval_loss} is the mean over rows, {@code eval_accuracy} that over predictions. */
  @Override
  public Evaluation<B> evaluation() {
    return new Evaluation<>() {
      private double loss;
      private long rows;
      private long correct;
      private long predictions;

      @Override
      public void add(B batch) {
        MaskedLanguageModelScore score = decoder.trainer().maskedScore(pack(batch));
        loss += score.meanLoss() * rows(batch);
        rows += rows(batch);
        correct += score.correct();
        predictions += score.predictions();
      }

      @Override
      public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(Evaluator.LOSS, loss / rows);
        metrics.put("eval_accuracy", (double) correct / predictions);
        return metrics;
      }
    };
  }

  @Override
  public Map<String, Double> results(Map<String, Double> evaluation) {
    Map<String, Double> results = new LinkedHashMap<>(evaluation);
    results.put("perplexity", Math.exp(Objects.requireNonNull(evaluation.get(Evaluator.LOSS))));
    return results;
  }

  /** Rows of equal length stand together, because they then share one attention call. */
  private PackedBatch pack(B batch) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    reader.apply(batch).stream()
        .sorted(Comparator.comparingInt((Row row) -> row.ids.length))
        .forEach(
            row -> {
              builder.add(row.ids, 0);
              for (int i = 1; i < row.labels.length; i++) {
                if (row.labels[i] != MntpBatch.IGNORED) {
                  builder.label(i, row.labels[i]);
                }
              }
            });
    return builder.build();
  }

  @Override
  public JsonNode describe(B batch) {
    ArrayNode rows = JsonNodeFactory.instance.arrayNode();
    for (Row row : reader.apply(batch)) {
      ObjectNode json = rows.addObject();
      ArrayNode ids = json.putArray("input_ids");
      ArrayNode labels = json.putArray("labels");
      for (int i = 0; i < row.ids.length; i++) {
        ids.add(row.ids[i]);
        labels.add(row.labels[i]);
      }
    }
    return rows;
  }
}

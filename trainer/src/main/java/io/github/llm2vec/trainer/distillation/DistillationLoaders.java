/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.DistillationSet;
import io.github.llm2vec.trainer.data.DistillationSet.Example;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.dataloader.IndexedDataLoader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes the data loaders of distillation. Nothing is closed by them.
 *
 * @param set the texts
 * @param teacher their vectors
 * @param preparation how the student wants its texts
 */
public record DistillationLoaders(
    DistillationSet set, Teacher teacher, TextPreparation preparation) {

  /**
   * A text with its vector.
   *
   * @param text tokenized
   * @param vectors the teacher's, of such texts
   * @param number of the text among them
   */
  private record Taught(TokenizedText text, TeacherVectors vectors, int number) {

    float[] vector() throws IOException {
      return vectors.read(number);
    }
  }

  /**
   * Batches to train on, in a random order as Hugging Face's Trainer draws it.
   *
   * @param first the first example; those before it are held out
   */
  public DataLoader<DistillationBatch> training(TrainingArguments training, long first) {
    TrainingArguments.Batches batches = training.batches();
    long seed = training.run().orderSeed();
    return new IndexedDataLoader<>(
        new IndexedDataLoader.Parts<>(
            epoch -> Sampler.ofEpoch(set.size() - first, seed, epoch),
            (row, epoch) -> set.example(first + row, epoch),
            (rows, epoch, batch) -> batch(rows),
            batches.trainBatchSize(),
            batches.dropLast(),
            () -> {}));
  }

  /**
   * Batches to evaluate on, always the same.
   *
   * @param examples how many, the first ones
   */
  public DataLoader<DistillationBatch> validation(TrainingArguments training, long examples) {
    return new IndexedDataLoader<>(
        new IndexedDataLoader.Parts<>(
            epoch -> Sampler.sequential(examples),
            (row, epoch) -> set.example(row, 0),
            (rows, epoch, batch) -> batch(rows),
            training.batches().evalBatchSize(),
            false,
            () -> {}));
  }

  private DistillationBatch batch(List<Example> examples) throws IOException {
    List<Taught> queries = new ArrayList<>();
    List<Taught> documents = new ArrayList<>();
    for (Example example : examples) {
      if (example.query() != DistillationSet.NO_QUERY) {
        String text = set.queries().text(example.query());
        queries.add(
            new Taught(
                preparation.prepare(text, Prompt.query()), teacher.queries(), example.query()));
      }
      for (int document : example.documents()) {
        String text = set.documents().text(document);
        documents.add(
            new Taught(
                preparation.prepare(text, Prompt.document()), teacher.documents(), document));
      }
    }
    // No loss knows an order within the two; texts of equal length share an attention call.
    Comparator<Taught> byLength = Comparator.comparingInt(taught -> taught.text().length());
    queries.sort(byLength);
    documents.sort(byLength);
    List<float[]> vectors = new ArrayList<>();
    for (Taught query : queries) {
      vectors.add(query.vector());
    }
    for (Taught document : documents) {
      vectors.add(document.vector());
    }
    return new DistillationBatch(
        queries.stream().map(Taught::text).toList(),
        documents.stream().map(Taught::text).toList(),
        vectors);
  }
}

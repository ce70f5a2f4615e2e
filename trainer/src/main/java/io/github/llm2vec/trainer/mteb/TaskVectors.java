/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.TaskEvaluation.EvaluatedModel;
import io.github.llm2vec.trainer.mteb.search.VectorStore;
import io.github.llm2vec.trainer.mteb.search.VectorStoreBuilder;
import io.github.llm2vec.trainer.mteb.task.Corpus;
import io.github.llm2vec.trainer.mteb.task.Finding;
import io.github.llm2vec.trainer.mteb.task.Findings;
import io.github.llm2vec.trainer.mteb.task.RetrievalDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The query and document vectors of a retrieval task, encoded or read from disk. Documents carry no
 * instruction, queries carry that of the task, as upstream's wrapper for MTEB has it.
 *
 * @param documents in the order of the corpus
 * @param queries in the order of the data set
 */
record TaskVectors(VectorStore documents, VectorStore queries) {

  /** Encodes with one model into one folder. */
  record Encoding(
      EvaluationTask task,
      EvaluatedModel model,
      Path folder,
      int shardVectors,
      EvaluationListener listener) {

    VectorStore encode(String what, Prompt prompt, RecordStream<String> texts, int total)
        throws IOException {
      TextEncoder encoder = prompt.role() == Role.QUERY ? model.queryEncoder() : model.encoder();
      return new VectorStoreBuilder(folder.resolve(what), encoder, prompt, shardVectors)
          .build(texts, (done, fresh) -> listener.encoded(task, what, done, total, fresh));
    }
  }

  static TaskVectors encode(Encoding encoding, RetrievalDataset dataset, Findings findings)
      throws IOException {
    Corpus corpus = dataset.corpus();
    VectorStore documents;
    try (RecordStream<Corpus.Document> reader = corpus.open()) {
      documents =
          encoding.encode(
              "documents", Prompt.document(), reader.map(Corpus.Document::passage), corpus.size());
    }
    List<String> texts = List.copyOf(dataset.queries().values());
    VectorStore queries =
        encoding.encode(
            "queries",
            Prompt.query(encoding.task().instruction()),
            RecordStream.of(texts),
            texts.size());
    String folder = encoding.task().folder().toString();
    report(documents, folder, number -> "document '" + corpus.ids().get(number) + "'", findings);
    List<String> ids = new ArrayList<>(dataset.queries().keySet());
    report(queries, folder, number -> "query '" + ids.get(number) + "'", findings);
    return new TaskVectors(documents, queries);
  }

  private static void report(
      VectorStore store, String where, IntFunction<String> name, Findings findings)
      throws IOException {
    for (int number : store.unusable()) {
      findings.add(
          new Finding(
              Finding.Kind.UNUSABLE_VECTOR,
              where,
              0,
              name.apply(number)
                  + " has a vector that is zero or not finite; graphs cannot hold it, and exact"
                  + " search finds no similarity with it"));
    }
  }
}

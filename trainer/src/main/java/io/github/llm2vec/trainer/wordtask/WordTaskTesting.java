/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadConfig;
import io.github.llm2vec.tokenclassification.WordHeadFiles;
import io.github.llm2vec.tokenclassification.WordStates;
import io.github.llm2vec.trainer.config.WordTestConfig;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.wordtask.WordData.WordRow;
import io.github.llm2vec.trainer.wordtask.WordHeadObjective.Dropout;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining.WordTaskListener;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Tests a trained head, upstream's {@code test_word_task.py}. Used by one thread.
 *
 * @param model the model of the configuration; not closed here
 * @param folders where datasets are that the configuration names
 */
public record WordTaskTesting(
    WordTestConfig config, WordModel model, DatasetFolders folders, WordTaskListener listener) {

  /** The file with the figures. */
  public Path summary() {
    return config.outputDir().resolve("result_summary.json");
  }

  /**
   * Measures the head and writes the summary: upstream's {@code precision}, which is the accuracy
   * of words, and the figures of spans.
   *
   * @throws IOException if head or data cannot be read
   * @throws IllegalArgumentException if the head was trained in another way than it is tested
   */
  public WordScores run() throws IOException {
    WordHead head = WordHeadFiles.read(config.headFolder());
    check(head.config());
    CorruptLines corrupt = new CorruptLines(config.access().corruptLine());
    WordData data =
        WordData.read(
            files(),
            new WordData.Settings(
                model.tokenizer(),
                config.head().task(),
                new LabelSet(head.config().labels()),
                config.head().labels(),
                model.maxLength()),
            corrupt);
    WordScores scores = score(head, data);
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("precision", scores.accuracy());
    scores.metrics("overall_").forEach(root::put);
    root.put("words", scores.words());
    AtomicFile.write(summary(), root.toPrettyString() + "\n");
    return scores;
  }

  private List<Path> files() throws IOException {
    if (config.testFile().isPresent()) {
      return List.of(config.testFile().get());
    }
    String name = config.datasetName().orElseThrow();
    return folders
        .find(name, Optional.empty(), DatasetFolders.Split.TEST)
        .map(DatasetFolders.Found::files)
        .orElseThrow(
            () -> new NoSuchFileException(name, null, "this dataset has no part called test"));
  }

  private void check(WordHeadConfig head) {
    require("retroactive_labels", head.shift().optionName(), config.head().labels().optionName());
    require(
        "merge_subwords",
        String.valueOf(head.mergeSubwords()),
        String.valueOf(config.head().mergeSubwords()));
    require(
        "bidirectional",
        String.valueOf(head.bidirectional()),
        String.valueOf(model.bidirectional()));
    require("hidden size", String.valueOf(head.hiddenSize()), String.valueOf(model.hiddenSize()));
  }

  private void require(String key, String trained, String tested) {
    if (!trained.equals(tested)) {
      throw new IllegalArgumentException(
          "the head in %s was trained with %s %s, but is tested with %s"
              .formatted(config.headFolder(), key, trained, tested));
    }
  }

  private WordScores score(WordHead head, WordData data) throws IOException {
    WordStates states = model.states(head.config().mergeSubwords());
    Dropout dropout =
        new Dropout(config.dropoutAtTest() ? config.head().dropout() : 0, config.seed());
    WordScores.Scorer scorer = new WordScores.Scorer(head);
    int hidden = head.config().hiddenSize();
    List<WordRow> rows = data.rows();
    for (int from = 0; from < rows.size(); from += config.batchSize()) {
      List<WordRow> batch = rows.subList(from, Math.min(rows.size(), from + config.batchSize()));
      List<float[][]> found = states.of(batch.stream().map(HiddenStateFile::sentence).toList());
      for (int i = 0; i < batch.size(); i++) {
        float[] flat = new float[found.get(i).length * hidden];
        for (int word = 0; word < found.get(i).length; word++) {
          System.arraycopy(found.get(i)[word], 0, flat, word * hidden, hidden);
        }
        dropout.apply(flat, from + (long) i);
        scorer.add(new WordBatch.Sentence(flat, HiddenStateFile.labels(batch.get(i))));
      }
      listener.encoded("test", Math.min(rows.size(), from + config.batchSize()), rows.size());
      if (listener.stopRequested()) {
        throw new WordTaskTraining.StoppedException("stopped; nothing was written");
      }
    }
    return scorer.scores();
  }
}

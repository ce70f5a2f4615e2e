/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.tokenclassification.WordTokens;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The tokenized sentences of a split of a word task's dataset, with labels aligned to tokens. They
 * are held in memory: the largest such datasets have a few hundred thousand words. Immutable.
 *
 * @param rows the sentences, in the order of the files
 */
record WordData(List<WordRow> rows) {

  /** No sentences. */
  static final WordData NONE = new WordData(List.of());

  WordData {
    rows = List.copyOf(rows);
  }

  /**
   * How sentences are read: word by word, with the labels of words on the tokens that predict them,
   * as upstream does; see {@link WordTokens}.
   *
   * @param tokenizer the model's tokenizer
   * @param task which tags are read
   * @param labels the tags
   * @param shift which position predicts a word
   * @param maxLength most tokens of a sentence, special ones included; the rest is cut at its end
   */
  record Settings(
      Tokenizer tokenizer, WordTask task, LabelSet labels, LabelShift shift, int maxLength) {

    /**
     * Aligns a sentence.
     *
     * @throws IllegalArgumentException if it has a tag that is none of the labels
     */
    WordRow align(WordFiles.Sentence sentence) {
      WordTokens tokens = WordTokens.of(tokenizer, sentence.words(), shift, maxLength);
      int[] placed = new int[tokens.length()];
      Arrays.fill(placed, WordRow.IGNORED);
      int[] predictors = tokens.predictors();
      for (int word = 0; word < predictors.length; word++) {
        if (predictors[word] != WordTokens.NONE) {
          placed[predictors[word]] = label(sentence.tags().get(word));
        }
      }
      return new WordRow(tokens.ids(), placed, tokens.words());
    }

    private int label(String tag) {
      int label = labels.names().indexOf(tag);
      if (label < 0) {
        throw new IllegalArgumentException("there is no label for the tag \"" + tag + "\"");
      }
      return label;
    }
  }

  /**
   * The tags of a dataset: those of CoNLL-2003 for that dataset, in upstream's order, else those
   * that occur in the training files.
   */
  static LabelSet labels(
      Optional<String> datasetName, WordTask task, List<Path> trainFiles, CorruptLines corrupt)
      throws IOException {
    boolean known = datasetName.map(name -> name.endsWith("conll2003")).orElse(false);
    if (known || task == WordTask.UPOS_TAGS) {
      return LabelSet.conll2003(task);
    }
    try (RecordStream<WordFiles.Sentence> sentences =
        WordFiles.open(trainFiles, task, Optional.empty(), corrupt)) {
      return LabelSet.of(sentences);
    }
  }

  /** Reads sentences; those without words are left out. */
  static WordData read(List<Path> files, Settings settings, CorruptLines corrupt)
      throws IOException {
    List<WordRow> rows = new ArrayList<>();
    try (RecordStream<WordFiles.Sentence> sentences =
        WordFiles.open(files, settings.task(), Optional.of(settings.labels()), corrupt)) {
      sentences.forEach(
          sentence -> {
            if (!sentence.words().isEmpty()) {
              rows.add(settings.align(sentence));
            }
          });
    }
    if (rows.isEmpty()) {
      throw new IOException(files + ": there are no sentences in these files");
    }
    return new WordData(rows);
  }

  /** Only the first sentences. */
  WordData first(int most) {
    return new WordData(rows.subList(0, Math.min(most, rows.size())));
  }

  /** Two parts of it: the first percents, and the rest. */
  List<WordData> split(int percent) {
    int held = (int) Math.rint(rows.size() * (percent / 100.0));
    return List.of(
        new WordData(rows.subList(0, held)), new WordData(rows.subList(held, rows.size())));
  }

  /**
   * A tokenized sentence with a label and a word number per token.
   *
   * @param ids at least one
   * @param labels numbers of tags, {@link #IGNORED} where nothing is predicted
   * @param words number of the word, from 0, whose states are averaged at each position if subwords
   *     are merged; {@link #NO_WORD} where there is none
   */
  @SuppressWarnings("ArrayRecordComponent")
  record WordRow(int[] ids, int[] labels, int[] words) {

    /** The label of a position that nothing is predicted for. */
    static final int IGNORED = -100;

    /** The word of a position that belongs to none. */
    static final int NO_WORD = -1;

    WordRow {
      if (labels.length != ids.length || words.length != ids.length) {
        throw new IllegalArgumentException("arrays must be of one length; this is a bug");
      }
    }
  }
}

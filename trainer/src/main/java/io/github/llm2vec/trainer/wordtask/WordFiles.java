/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.LineReader;
import io.github.llm2vec.trainer.data.ParquetRows;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads sentences of tagged words: CoNLL-2003 columns ({@code WORD POS CHUNK NER} separated by
 * blanks or tabs; with two columns the second is the entity, or whatever the task asks for),
 * CoNLL-U ({@code .conllu}), and Parquet as the hub has {@code conll2003}.
 */
final class WordFiles {

  private WordFiles() {}

  /**
   * Opens files as one stream of sentences, in their order.
   *
   * @param files the files
   * @param task which tags to read
   * @param known the tags that can occur, if others are a mistake
   * @param corrupt what becomes of sentences that cannot be understood
   */
  public static RecordStream<Sentence> open(
      List<Path> files, WordTask task, Optional<LabelSet> known, CorruptLines corrupt)
      throws IOException {
    for (Path file : files) {
      DataFile.requireFile(file);
    }
    Set<String> names = known.map(set -> Set.copyOf(set.names())).orElse(Set.of());
    return new RecordStream.Concatenated<>(
        files, file -> new RecordStream.Skipping<>(open(file, task, names), corrupt));
  }

  private static RecordStream<Sentence> open(Path file, WordTask task, Set<String> known)
      throws IOException {
    return switch (DataFile.extension(file)) {
      case "parquet" -> parquet(file, task);
      case "conllu" -> new Columns(DataFile.lines(file), conlluColumn(file, task), true, known);
      default -> new Columns(DataFile.lines(file), conllColumn(task), false, known);
    };
  }

  private static int conllColumn(WordTask task) {
    return switch (task) {
      case POS_TAGS, UPOS_TAGS -> 1;
      case CHUNK_TAGS -> 2;
      case NER_TAGS -> 3;
    };
  }

  private static int conlluColumn(Path file, WordTask task) throws DataFormatException {
    return switch (task) {
      case UPOS_TAGS -> 3;
      case POS_TAGS -> 4;
      case CHUNK_TAGS, NER_TAGS ->
          throw new DataFormatException(
              file.toString(), 1, "CoNLL-U has parts of speech, but no " + task.optionName());
    };
  }

  private static RecordStream<Sentence> parquet(Path file, WordTask task) throws IOException {
    List<String> names = LabelSet.conll2003(task).names();
    ParquetRows rows = ParquetRows.open(file, List.of("tokens", task.optionName()));
    return rows.map(new Rows(rows, task.optionName(), names)::sentence);
  }

  /** Lines of columns, sentences ended by empty lines; no known tags means that any is one. */
  private record Columns(LineReader lines, int column, boolean conllu, Set<String> known)
      implements RecordStream<Sentence> {

    @Override
    public Optional<Sentence> next() throws IOException {
      List<String> words = new ArrayList<>();
      List<String> tags = new ArrayList<>();
      Optional<DataFormatException> broken = Optional.empty();
      while (true) {
        Optional<String> line = lines.next();
        boolean ends = line.isEmpty() || line.get().isBlank() || isDocumentMark(line.get());
        if (!ends && !(conllu && isNoWord(line.get()))) {
          try {
            add(line.get(), words, tags);
          } catch (DataFormatException e) {
            broken = broken.or(() -> Optional.of(e));
          }
        } else if (ends && broken.isPresent()) {
          // The whole sentence is left out, for a word less would change what its others mean.
          throw broken.get();
        } else if (ends && !words.isEmpty()) {
          return Optional.of(new Sentence(words, tags));
        } else if (line.isEmpty()) {
          return Optional.empty();
        }
      }
    }

    private static boolean isDocumentMark(String line) {
      return line.startsWith("-DOCSTART-");
    }

    /** Comments, ranges such as {@code 3-4} (a written form of several words), empty nodes. */
    private static boolean isNoWord(String line) {
      String id = line.split("\t", 2)[0];
      return line.startsWith("#") || id.contains("-") || id.contains(".");
    }

    private void add(String line, List<String> words, List<String> tags)
        throws DataFormatException {
      String[] fields = conllu ? line.split("\t", -1) : line.strip().split("[ \t]+");
      if (conllu && fields.length != 10) {
        throw lines.problem("expected 10 columns with tabs between them, found " + fields.length);
      }
      if (!conllu && fields.length < 2) {
        throw lines.problem("expected a word and its tags, found only \"" + line + "\"");
      }
      String tag = fields[Math.min(column, fields.length - 1)];
      if (!known.isEmpty() && !known.contains(tag)) {
        throw lines.problem("\"" + tag + "\" is none of the tags of this task");
      }
      words.add(fields[conllu ? 1 : 0]);
      tags.add(tag);
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  /** Rows of words and numbers of tags. */
  private record Rows(ParquetRows rows, String column, List<String> names) {

    Sentence sentence(Map<String, Object> row) throws DataFormatException {
      if (!(row.get("tokens") instanceof List<?> tokens)
          || !(row.get(column) instanceof List<?> labels)) {
        throw rows.problem("expected lists in \"tokens\" and \"" + column + "\"");
      }
      List<String> words = new ArrayList<>();
      tokens.forEach(word -> words.add(String.valueOf(word)));
      List<String> tags = new ArrayList<>();
      for (Object tag : labels) {
        tags.add(name(tag));
      }
      if (words.size() != tags.size()) {
        throw rows.problem(words.size() + " words have " + tags.size() + " tags");
      }
      return new Sentence(words, tags);
    }

    private String name(Object tag) throws DataFormatException {
      if (tag instanceof Long id && id >= 0 && id < names.size()) {
        return names.get(id.intValue());
      }
      if (tag instanceof String text) {
        return text;
      }
      throw rows.problem("there is no tag " + tag + " in " + column);
    }
  }

  /**
   * A sentence of words with a tag each.
   *
   * @param words the words
   * @param tags one tag per word
   */
  record Sentence(List<String> words, List<String> tags) {

    /** Checks that there is a tag for every word. */
    public Sentence {
      words = List.copyOf(words);
      tags = List.copyOf(tags);
      if (words.size() != tags.size()) {
        throw new IllegalArgumentException(
            words.size() + " words have " + tags.size() + " tags; this is a bug");
      }
    }
  }
}

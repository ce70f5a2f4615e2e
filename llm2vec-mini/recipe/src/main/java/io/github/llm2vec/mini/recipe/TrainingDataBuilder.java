/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.mini.recipe.PairSource.Pair;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Makes the training data of the mini model:
 *
 * <ul>
 *   <li>{@code text.txt}, a text per line, for the tokenizer, pretraining and MNTP
 *   <li>{@code sentences.txt}, short ones, for SimCSE
 *   <li>{@code texts.txt}, the queries and beginnings of the texts of all pairs, each once, for
 *       distillation
 *   <li>{@code pairs/}, for supervised training: a file for each kind of source, since a batch is
 *       made of one file and the texts of one source are harder to tell apart. There are no mined
 *       negatives: with what BM25 wrongly returns for one, a model that knows no words yet learns
 *       that texts which share rare words do not belong together
 * </ul>
 *
 * The same sources and options give the same files, byte for byte.
 */
public final class TrainingDataBuilder {

  /**
   * How training data is made.
   *
   * @param packages unpacked Debian packages, a folder for each, and {@code Translation-en}
   * @param collections folder with {@code pairs} and {@code text}
   * @param keptOut folders with test collections that no text may come from
   * @param output folder to write
   * @param mostPerSource most pairs of one source
   * @param mostWords texts are cut to so many words
   * @param seed of everything that is drawn
   */
  public record RecipeOptions(
      Path packages,
      Path collections,
      List<Path> keptOut,
      Path output,
      int mostPerSource,
      int mostWords,
      long seed) {

    /** Copies the list and checks the numbers. */
    public RecipeOptions {
      keptOut = List.copyOf(keptOut);
      if (mostPerSource < 1 || mostWords < 1) {
        throw new IllegalArgumentException(
            "mostPerSource and mostWords must be >= 1, got " + mostPerSource + " and " + mostWords);
      }
    }
  }

  /**
   * What came of a source.
   *
   * @param name the source
   * @param found pairs in it
   * @param leaking pairs left out because a test collection has words in common with them
   * @param used pairs written
   */
  public record SourceReport(String name, int found, int leaking, int used) {}

  private static final int MOST_SENTENCE_WORDS = 40;
  private static final int LEAST_SENTENCE_WORDS = 5;

  /** A teacher takes twice the time for a text of twice the length, and says as much of it. */
  private static final int MOST_TAUGHT_WORDS = 24;

  private final RecipeOptions options;
  private final JsonMapper mapper = new JsonMapper();
  private final Random random;
  private final Map<String, List<String>> lines = new TreeMap<>();
  private final List<String> texts = new ArrayList<>();
  private final List<String> sentences = new ArrayList<>();
  private final Set<String> taught = new LinkedHashSet<>();

  /** Creates a builder for one use. */
  public TrainingDataBuilder(RecipeOptions options) {
    this.options = options;
    this.random = new Random(options.seed());
  }

  /**
   * Reads the sources and writes the files.
   *
   * @param listener told of each source when it is done
   * @return what became of each source
   * @throws IOException if a source cannot be read, or if there is none
   */
  public List<SourceReport> build(Consumer<SourceReport> listener) throws IOException {
    LeakFilter filter = new LeakFilter();
    for (Path folder : options.keptOut()) {
      filter.keepOut(folder);
    }
    List<SourceReport> reports = new ArrayList<>();
    for (PairSource source : new Sources(options).find()) {
      SourceReport report = take(source, filter);
      reports.add(report);
      listener.accept(report);
    }
    if (lines.isEmpty()) {
      throw new IOException(
          "no source was found in " + options.packages() + " and " + options.collections());
    }
    write("text.txt", texts);
    write("sentences.txt", sentences);
    for (Map.Entry<String, List<String>> kind : lines.entrySet()) {
      write("pairs/" + kind.getKey() + ".jsonl", kind.getValue());
    }
    write("texts.txt", new ArrayList<>(taught));
    return reports;
  }

  private SourceReport take(PairSource source, LeakFilter filter) throws IOException {
    List<Pair> all = new ArrayList<>();
    source.read(pair -> all.add(shortened(pair)));
    List<Pair> kept =
        all.stream()
            .filter(pair -> !filter.leaks(pair.query()) && !filter.leaks(pair.positive()))
            .toList();
    List<Pair> used = chosen(kept);
    for (Pair pair : used) {
      addLine(source, pair);
      teach(pair.query());
    }
    if (source.hasTextsOfItsOwn()) {
      addTexts(used);
    }
    return new SourceReport(source.name(), all.size(), all.size() - kept.size(), used.size());
  }

  private Pair shortened(Pair pair) {
    return new Pair(
        Words.first(Words.oneLine(pair.query()), options.mostWords()),
        Words.first(Words.oneLine(pair.positive()), options.mostWords()));
  }

  /** As many as allowed, evenly from all over the source. */
  private List<Pair> chosen(List<Pair> pairs) {
    int most = options.mostPerSource();
    if (pairs.size() <= most) {
      return pairs;
    }
    List<Pair> chosen = new ArrayList<>(most);
    for (long i = 0; i < most; i++) {
      chosen.add(pairs.get((int) (i * pairs.size() / most)));
    }
    return chosen;
  }

  private void addLine(PairSource source, Pair pair) throws IOException {
    ObjectNode line = mapper.createObjectNode();
    line.put("query", pair.query()).put("positive", pair.positive());
    lines
        .computeIfAbsent(source.kind(), name -> new ArrayList<>())
        .add(mapper.writeValueAsString(line.put("source", source.name())));
  }

  private void addTexts(List<Pair> pairs) {
    Set<String> seen = new HashSet<>();
    for (Pair pair : pairs) {
      texts.add(pair.query() + ": " + pair.positive());
      teach(pair.positive());
      for (String text : List.of(pair.query(), pair.positive())) {
        int length = Words.of(text).size();
        if (length >= LEAST_SENTENCE_WORDS && length <= MOST_SENTENCE_WORDS && seen.add(text)) {
          sentences.add(text);
        }
      }
    }
  }

  private void teach(String text) {
    if (!text.isEmpty()) {
      taught.add(Words.first(text, MOST_TAUGHT_WORDS));
    }
  }

  /** Mixed, so that a part of the file is like the whole. */
  private void write(String name, List<String> content) throws IOException {
    Collections.shuffle(content, random);
    AtomicFile file = new AtomicFile(options.output().resolve(name));
    try (BufferedWriter out = file.open()) {
      for (String line : content) {
        out.write(line);
        out.write('\n');
      }
    }
    file.publish();
  }
}

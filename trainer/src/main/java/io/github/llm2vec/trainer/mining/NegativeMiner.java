/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.ExampleFile;
import io.github.llm2vec.trainer.data.ExampleLine;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.apache.lucene.util.IOUtils;

/**
 * Gives every pair of a file hard negatives: positives of other pairs that its query finds by BM25,
 * as the dense retrievers since DPR are trained (Karpukhin et al. 2020, section 3.2). What a
 * positive resembles too much is taken for an answer and left out. The same file and options give
 * the same negatives.
 *
 * @param options which texts become negatives
 * @param corrupt what becomes of lines that cannot be understood
 */
public record NegativeMiner(Options options, CorruptLines corrupt) {

  /** Pairs between two reports of progress. */
  private static final int BLOCK = 1000;

  /** Texts drawn at random before a file is found to have too few different ones. */
  private static final int DRAWS = 100;

  /** Told how far a file is. */
  @FunctionalInterface
  public interface Listener {
    /** So many pairs of all have their negatives. */
    void mined(long done, long all);
  }

  /** A pair with its negatives, as it is written. */
  private record Mined(String line, boolean drawn) {}

  /**
   * Writes a file again, with negatives. Those that it has are replaced; other keys are kept.
   *
   * @param pairs JSON lines (gzipped or not) or Parquet, as supervised training reads them
   * @param work a folder for what is needed meanwhile, about the size of the file; it is deleted
   * @param output JSON lines; appears when it is complete
   * @throws DataFormatException if a line is not understood, or all texts are alike
   */
  public Report mine(Path pairs, Path work, Path output, Listener listener) throws IOException {
    AtomicFile file = new AtomicFile(output);
    long drawn = 0;
    // What an interrupted run has left there may be of other pairs.
    IOUtils.rm(work);
    try (ExampleFile examples = ExampleFile.open(pairs, work, corrupt);
        PositiveIndex index = PositiveIndex.write(examples, work.resolve("index"))) {
      try (BufferedWriter out = file.open()) {
        for (long start = 0; start < examples.size(); start += BLOCK) {
          long end = Math.min(start + BLOCK, examples.size());
          for (Mined mined : block(examples, index, start, end)) {
            out.write(mined.line());
            out.write('\n');
            drawn += mined.drawn() ? 1 : 0;
          }
          listener.mined(end, examples.size());
        }
      }
      file.publish();
      return new Report(examples.size(), drawn);
    } finally {
      IOUtils.rm(work);
    }
  }

  private List<Mined> block(ExampleFile examples, PositiveIndex index, long start, long end)
      throws IOException {
    try {
      return LongStream.range(start, end)
          .parallel()
          .mapToObj(
              number -> {
                try {
                  return mine(examples, index, number);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private Mined mine(ExampleFile examples, PositiveIndex index, long number) throws IOException {
    ExampleLine example = examples.read(number);
    SplittableRandom random = new SplittableRandom(options.seed() + number);
    Answers answers = new Answers(example.positives(), index);
    List<String> negatives = found(example.query(), index, answers, random);
    boolean drawn = negatives.isEmpty();
    if (drawn) {
      negatives = List.of(draw(examples, index, answers, random, number));
    }
    return new Mined(examples.withNegatives(number, negatives), drawn);
  }

  /** Negatives among the ranks that were asked for, in random order. */
  private List<String> found(
      String query, PositiveIndex index, Answers answers, SplittableRandom random)
      throws IOException {
    List<String> candidates = new ArrayList<>();
    for (int hit : index.search(query, options.lastRank() + answers.count())) {
      String text = index.text(hit);
      if (!answers.contain(text)) {
        candidates.add(text);
      }
    }
    int last = Math.min(options.lastRank(), candidates.size());
    List<String> ranks =
        new ArrayList<>(candidates.subList(Math.min(options.firstRank() - 1, last), last));
    List<String> negatives = new ArrayList<>();
    while (!ranks.isEmpty() && negatives.size() < options.perQuery()) {
      String text = ranks.remove(random.nextInt(ranks.size()));
      if (!answers.resemble(text, options.mostAlike())) {
        negatives.add(text);
      }
    }
    return negatives;
  }

  private String draw(
      ExampleFile examples,
      PositiveIndex index,
      Answers answers,
      SplittableRandom random,
      long number)
      throws IOException {
    for (int i = 0; i < DRAWS; i++) {
      String text = index.text(random.nextInt(index.size()));
      if (!answers.contain(text) && !answers.resemble(text, options.mostAlike())) {
        return text;
      }
    }
    throw new DataFormatException(
        examples.file().toString(),
        number + 1,
        "no text of the file is different enough from the positive; negatives are taken from the"
            + " positives of other pairs");
  }

  /** The positives of a pair. */
  private static final class Answers {

    private final List<String> texts;
    private final PositiveIndex index;
    private final List<Set<String>> words;

    Answers(List<String> texts, PositiveIndex index) throws IOException {
      this.texts = texts;
      this.index = index;
      this.words = index.words(texts);
    }

    int count() {
      return texts.size();
    }

    boolean contain(String text) {
      return texts.contains(text);
    }

    /** Whether a text has too many words in common with one of them. */
    boolean resemble(String text, double most) throws IOException {
      Set<String> other = index.words(text);
      for (Set<String> own : words) {
        Set<String> common = new HashSet<>(own);
        common.retainAll(other);
        int all = own.size() + other.size() - common.size();
        if (all == 0 || common.size() >= most * all) {
          return true;
        }
      }
      return false;
    }
  }

  /**
   * Which texts become negatives.
   *
   * @param firstRank best rank of a negative among what is found, from 1, the query's own positives
   *     left out; the first hits often are answers, too
   * @param lastRank worst rank of a negative
   * @param mostAlike from 0 to 1: a text that shares this part of its words with a positive is no
   *     negative (Jaccard's index of the sets of words)
   * @param perQuery most negatives of a query; training takes one of them in each epoch
   * @param seed seed of the choice among the ranks
   */
  public record Options(int firstRank, int lastRank, double mostAlike, int perQuery, long seed) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if no text could be chosen
     */
    public Options {
      requireNegatives(firstRank, lastRank, perQuery);
      if (!(mostAlike > 0 && mostAlike <= 1)) {
        throw new IllegalArgumentException(
            "the part of words in common must be above 0 and at most 1, got " + mostAlike);
      }
    }

    /** Checks what the options of every miner have. */
    static void requireNegatives(int firstRank, int lastRank, int perQuery) {
      if (firstRank < 1 || lastRank < firstRank) {
        throw new IllegalArgumentException(
            "ranks must rise from 1 or more, got " + firstRank + "-" + lastRank);
      }
      if (perQuery < 1) {
        throw new IllegalArgumentException("a query needs one negative or more, got " + perQuery);
      }
    }
  }

  /**
   * What became of a file of pairs.
   *
   * @param pairs how many it has
   * @param drawn for how many nothing fitting was found, so that their negatives were drawn from
   *     all texts
   */
  public record Report(long pairs, long drawn) {}
}

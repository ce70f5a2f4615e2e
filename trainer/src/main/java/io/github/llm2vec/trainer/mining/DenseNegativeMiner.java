/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mining;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.DistillationSet;
import io.github.llm2vec.trainer.data.ExampleFile;
import io.github.llm2vec.trainer.mteb.search.ExactSearch;
import io.github.llm2vec.trainer.mteb.search.Ranking;
import io.github.llm2vec.trainer.mteb.search.ScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.VectorStore;
import io.github.llm2vec.trainer.mteb.search.VectorStoreBuilder;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.lucene.util.IOUtils;

/**
 * Gives every pair of a file hard negatives by a dense model: documents of other pairs that are
 * near to its query, found by exact search. The positive-aware rule (de Souza Moreira et al., 2024,
 * NV-Retriever, "TopK-PercPos") leaves out what scores too near to the positive, which often is an
 * answer that nobody marked: a false negative. The same file, model and options give the same
 * negatives.
 *
 * @param encoder makes the vectors; not closed here
 * @param instruction put before queries, "" for the model's own
 * @param blocks multiplies; not closed here
 * @param options which documents become negatives
 * @param corrupt what becomes of lines that cannot be understood
 */
public record DenseNegativeMiner(
    TextEncoder encoder,
    String instruction,
    ScoreBlocks blocks,
    Options options,
    CorruptLines corrupt) {

  /** Pairs that are searched for at once. */
  private static final int BLOCK = 1024;

  private static final int SHARD = 4096;

  /** Documents drawn at random before a query is found to have no negative. */
  private static final int DRAWS = 100;

  /** A search goes so many times as deep as the worst rank, for what is left out before it. */
  private static final int DEPTH = 4;

  /**
   * Which documents become negatives.
   *
   * @param firstRank best rank of a negative, from 1, among what is found, positives and false
   *     negatives left out
   * @param lastRank worst rank of a negative
   * @param mostOfPositive highest score of a negative as a share of the positive's, of the lowest
   *     if there are several; 1 leaves out only what scores above the positive
   * @param perQuery most negatives of a pair
   * @param seed seed of the choice among the ranks
   */
  public record Options(
      int firstRank, int lastRank, double mostOfPositive, int perQuery, long seed) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if no text could be chosen
     */
    public Options {
      NegativeMiner.Options.requireNegatives(firstRank, lastRank, perQuery);
      if (!(mostOfPositive > 0 && mostOfPositive <= 1)) {
        throw new IllegalArgumentException(
            "the share of the positive's score must be above 0 and at most 1, got "
                + mostOfPositive);
      }
    }

    /** The highest score of a negative. */
    double threshold(double positive) {
      return positive - (1 - mostOfPositive) * Math.abs(positive);
    }
  }

  /**
   * What became of a file of pairs.
   *
   * @param pairs how many it has
   * @param drawn for how many nothing fitting was found, so that their negative was drawn from all
   *     documents
   * @param falseNegatives documents before the last negative that scored too near to a positive
   * @param pairsWithFalse pairs that had such
   */
  public record Report(long pairs, long drawn, long falseNegatives, long pairsWithFalse) {}

  /** Told how far a file is. */
  public interface Listener {

    /** So many queries or documents of all have vectors. */
    void encoded(String what, int done, int all);

    /** So many pairs of all have their negatives. */
    void mined(long done, long all);
  }

  /** Vectors of a file's texts, of length one. */
  private record Vectors(VectorStore queries, VectorStore documents) {

    float[] query(int number) throws IOException {
      return queries.copy(number, number + 1);
    }

    double score(float[] query, int document) throws IOException {
      float[] vector = documents.copy(document, document + 1);
      double sum = 0;
      for (int i = 0; i < vector.length; i++) {
        sum += (double) query[i] * vector[i];
      }
      return sum;
    }
  }

  /**
   * Writes a file again, with negatives. Those that it has are replaced; other keys are kept.
   *
   * @param pairs JSON lines (gzipped or not) or Parquet, as supervised training reads them
   * @param work a folder for vectors, which an interrupted run goes on with; it is deleted when the
   *     output is there
   * @param output JSON lines; appears when it is complete
   * @throws DataFormatException if a line is not understood, or all texts are alike
   */
  public Report mine(Path pairs, Path work, Path output, Listener listener) throws IOException {
    AtomicFile file = new AtomicFile(output);
    Counts counts = new Counts();
    Path lines = work.resolve("lines");
    try (ExampleFile examples = ExampleFile.open(pairs, lines, corrupt);
        DistillationSet set =
            DistillationSet.ofPairs(
                pairs, work.resolve("texts"), Long.MAX_VALUE, options.seed(), corrupt);
        BufferedWriter out = file.open()) {
      Vectors vectors =
          new Vectors(
              encode(set.queries(), Prompt.query(instruction), "queries", work, listener),
              encode(set.documents(), Prompt.document(), "documents", work, listener));
      for (long start = 0; start < examples.size(); start += BLOCK) {
        long end = Math.min(start + BLOCK, examples.size());
        List<Ranking> rankings = search(set, vectors, start, end);
        for (long number = start; number < end; number++) {
          List<String> negatives = new ArrayList<>();
          Ranking ranking = rankings.get((int) (number - start));
          for (int document : negatives(set, vectors, ranking, number, counts)) {
            negatives.add(set.documents().text(document));
          }
          out.write(examples.withNegatives(number, negatives));
          out.write('\n');
        }
        listener.mined(end, examples.size());
      }
    }
    file.publish();
    IOUtils.rm(work);
    return counts.report();
  }

  private VectorStore encode(
      DistillationSet.TextTable texts, Prompt prompt, String what, Path work, Listener listener)
      throws IOException {
    return new VectorStoreBuilder(work.resolve(what), encoder, prompt, SHARD)
        .build(texts.texts(), (vectors, fresh) -> listener.encoded(what, vectors, texts.size()));
  }

  private List<Ranking> search(DistillationSet set, Vectors vectors, long start, long end)
      throws IOException {
    int width = vectors.documents().dimensions();
    float[] queries = new float[Math.multiplyExact((int) (end - start), width)];
    for (long number = start; number < end; number++) {
      float[] query = vectors.query(set.example(number, 0).query());
      System.arraycopy(query, 0, queries, (int) (number - start) * width, width);
    }
    return new ExactSearch(blocks)
        .search(queries, vectors.documents(), Math.multiplyExact(options.lastRank(), DEPTH) + 1);
  }

  /** Negatives among the ranks that were asked for, in random order; one at least. */
  private List<Integer> negatives(
      DistillationSet set, Vectors vectors, Ranking ranking, long number, Counts counts)
      throws IOException {
    SplittableRandom random = new SplittableRandom(options.seed() + number);
    float[] query = vectors.query(set.example(number, 0).query());
    Set<Integer> positives = new HashSet<>(set.positives(number));
    double lowest = Double.POSITIVE_INFINITY;
    for (int positive : positives) {
      lowest = Math.min(lowest, vectors.score(query, positive));
    }
    double threshold = options.threshold(lowest);
    List<Integer> candidates = new ArrayList<>();
    int tooNear = 0;
    for (int rank = 0; rank < ranking.size() && candidates.size() < options.lastRank(); rank++) {
      int document = ranking.document(rank);
      if (positives.contains(document)) {
        continue;
      }
      if (ranking.score(rank) > threshold) {
        tooNear++;
      } else {
        candidates.add(document);
      }
    }
    int first = Math.min(options.firstRank() - 1, candidates.size());
    List<Integer> ranks = new ArrayList<>(candidates.subList(first, candidates.size()));
    List<Integer> negatives = new ArrayList<>();
    while (!ranks.isEmpty() && negatives.size() < options.perQuery()) {
      negatives.add(ranks.remove(random.nextInt(ranks.size())));
    }
    boolean drawn = negatives.isEmpty();
    if (drawn) {
      negatives.add(draw(vectors, query, positives, threshold, random, number));
    }
    counts.add(drawn, tooNear);
    return negatives;
  }

  /** A random document far enough from the query or, where none is, the farthest of some. */
  private int draw(
      Vectors vectors,
      float[] query,
      Set<Integer> positives,
      double threshold,
      SplittableRandom random,
      long number)
      throws IOException {
    int farthest = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < DRAWS; i++) {
      int document = random.nextInt(vectors.documents().size());
      double score = vectors.score(query, document);
      if (!positives.contains(document) && score < least) {
        farthest = document;
        least = score;
      }
      if (least <= threshold) {
        return farthest;
      }
    }
    if (farthest < 0) {
      throw new DataFormatException(
          "pairs",
          number + 1,
          "no document of the file but its own positives was found; negatives are taken from the"
              + " documents of other pairs");
    }
    return farthest;
  }

  /** What is counted on the way. */
  private static final class Counts {

    private long pairs;
    private long drawn;
    private long tooNear;
    private long pairsWith;

    void add(boolean wasDrawn, int near) {
      pairs++;
      drawn += wasDrawn ? 1 : 0;
      tooNear += near;
      pairsWith += near > 0 ? 1 : 0;
    }

    Report report() {
      return new Report(pairs, drawn, tooNear, pairsWith);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.mteb.task.CollectionFiles;
import io.github.llm2vec.trainer.mteb.task.Corpus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Bm25SearchTest {

  private static final double K1 = 0.9;
  private static final double B = 0.4;

  @TempDir Path folder;
  private Corpus corpus;

  @BeforeEach
  void readCorpus() throws IOException {
    corpus = CollectionFiles.sound(folder.resolve("data")).load("test").corpus();
  }

  private Bm25Search open(Bm25Search.Options options) throws IOException {
    return Bm25Search.open(folder.resolve("index" + options.titleApart()), corpus, options);
  }

  /** Robertson's formula with Lucene's idf and without the factor k1 + 1. */
  private static double bm25(int termFrequency, int documentFrequency, int length, double mean) {
    double idf = Math.log(1 + (3 - documentFrequency + 0.5) / (documentFrequency + 0.5));
    return idf * termFrequency / (termFrequency + K1 * (1 - B + B * length / mean));
  }

  @Test
  void scoresTitleAndTextAsOneField() throws IOException {
    // Stemmed: "cat cat sleep", "dog bark", "fish swim".
    try (Bm25Search search = open(Bm25Search.Options.FLAT)) {
      Ranking ranking = search.search("The sleeping cat's fish", 10).ranking();
      assertEquals(2, ranking.size());
      assertEquals(0, ranking.document(0));
      assertEquals(2, ranking.document(1));
      double mean = 7 / 3.0;
      assertEquals(bm25(2, 1, 3, mean) + bm25(1, 1, 3, mean), ranking.score(0), 1e-5);
      assertEquals(bm25(1, 1, 2, mean), ranking.score(1), 1e-5);
    }
  }

  @Test
  void addsTheScoresOfTitleAndText() throws IOException {
    try (Bm25Search search = open(Bm25Search.Options.MULTIFIELD)) {
      Ranking ranking = search.search("cats", 10).ranking();
      // One document in the whole index has a title, so its field counts one document only.
      double title = Math.log(1 + (1 - 1 + 0.5) / (1 + 0.5)) / (1 + K1);
      assertEquals(title + bm25(1, 1, 2, 2), ranking.score(0), 1e-5);
    }
  }

  @Test
  void countsARepeatedWordOfTheQueryTwice() throws IOException {
    try (Bm25Search search = open(Bm25Search.Options.FLAT)) {
      float once = search.search("cats", 1).ranking().score(0);
      assertEquals(2 * once, search.search("cats cats", 1).ranking().score(0), 1e-5);
    }
  }

  @Test
  void findsNothingForNoWords() throws IOException {
    try (Bm25Search search = open(Bm25Search.Options.FLAT)) {
      assertEquals(0, search.search("", 5).ranking().size());
      assertEquals(0, search.search("the of !", 5).ranking().size());
    }
  }

  @Test
  void searchesForTheRarestWordsOfAQueryThatIsTooLong() throws IOException {
    String many = IntStream.range(0, 3000).mapToObj(i -> "x" + i).collect(Collectors.joining(" "));
    try (Bm25Search search = open(Bm25Search.Options.FLAT)) {
      Bm25Search.Found found = search.search("cats " + many, 5);
      assertEquals(3001 - 1024, found.wordsLeftOut());
      assertTrue(found.ranking().size() <= 1);
      assertEquals(0, search.search("cats", 5).wordsLeftOut());
    }
  }

  @Test
  void opensAFinishedIndexAgainAndReplacesOneOfAnotherCorpus() throws IOException {
    open(Bm25Search.Options.FLAT).close();
    try (Bm25Search again = open(Bm25Search.Options.FLAT)) {
      assertEquals(1, again.search("cats", 5).ranking().size());
    }
    corpus =
        CollectionFiles.sound(folder.resolve("data"))
            .write("corpus.jsonl", "{'_id':'d1','text':'Dogs bark.'}")
            .load("test")
            .corpus();
    try (Bm25Search other = open(Bm25Search.Options.FLAT)) {
      assertEquals(0, other.search("cats", 5).ranking().size());
      assertEquals(1, other.search("dogs", 5).ranking().size());
    }
  }
}

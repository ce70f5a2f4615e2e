/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.lucene.VectorQuantization;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HnswSearchTest {

  private static final int DIMENSIONS = 64;

  @TempDir Path folder;
  private VectorStore documents;
  private VectorStore queries;

  @BeforeEach
  void encode() throws IOException {
    WordVectorEncoder encoder = new WordVectorEncoder(DIMENSIONS);
    List<String> texts =
        new ArrayList<>(IntStream.range(0, 400).mapToObj(i -> "w" + i + " v" + i % 20).toList());
    texts.set(7, "");
    documents =
        new VectorStoreBuilder(folder.resolve("d"), encoder, Prompt.document(), 150)
            .build(RecordStream.of(texts), (vectors, fresh) -> {});
    queries =
        new VectorStoreBuilder(folder.resolve("q"), encoder, Prompt.query(), 150)
            .build(RecordStream.of(List.of("w3", "v4 w24", "v19")), (vectors, fresh) -> {});
  }

  private HnswSearch open(VectorQuantization quantization) throws IOException {
    return HnswSearch.open(
        folder.resolve("graph-" + quantization),
        documents,
        VectorFormatOptions.DEFAULTS.withQuantization(quantization),
        count -> {});
  }

  @Test
  void exactAndWidestGraphSearchAgreeWithTheBlockedSearch() throws IOException {
    List<Ranking> truth;
    try (ScoreBlocks blocks = new JavaScoreBlocks(1)) {
      truth = new ExactSearch(blocks).search(queries, documents, 20, percent -> {});
    }
    for (VectorQuantization quantization :
        List.of(VectorQuantization.FLOAT32, VectorQuantization.INT8, VectorQuantization.INT4)) {
      try (HnswSearch search = open(quantization)) {
        for (int i = 0; i < queries.size(); i++) {
          float[] query = queries.copy(i, i + 1);
          assertScores(truth.get(i), search.searchExactly(query, 20));
          Ranking found = search.search(query, KnnOptions.top(20).withEfSearch(399));
          assertTrue(found.overlap(truth.get(i), 20) >= 0.9, quantization + " query " + i);
        }
      }
    }
  }

  /** Lucene's score is half of the cosine and more, so a bit of the float is lost. */
  private static void assertScores(Ranking expected, Ranking actual) {
    assertEquals(expected.size(), actual.size());
    for (int rank = 0; rank < expected.size(); rank++) {
      assertEquals(expected.score(rank), actual.score(rank), 1e-5);
    }
  }

  @Test
  void leavesOutVectorsWithoutDirectionAndKeepsTheNumbersOfTheRest() throws IOException {
    assertEquals(List.of(7), documents.unusable());
    try (HnswSearch search = open(VectorQuantization.FLOAT32)) {
      Ranking all = search.searchExactly(queries.copy(0, 1), 400);
      assertEquals(399, all.size());
      assertEquals(3, all.document(0));
      assertTrue(IntStream.range(0, 399).noneMatch(rank -> all.document(rank) == 7));
    }
  }

  @Test
  void opensAFinishedIndexWithoutWritingItAgain() throws IOException {
    open(VectorQuantization.INT8).close();
    List<Integer> added = new ArrayList<>();
    try (HnswSearch again =
        HnswSearch.open(
            folder.resolve("graph-INT8"),
            documents,
            VectorFormatOptions.DEFAULTS.withQuantization(VectorQuantization.INT8),
            added::add)) {
      assertEquals(3, again.searchExactly(queries.copy(0, 1), 1).document(0));
    }
    assertEquals(List.of(), added);
  }

  @Test
  void fusesByReciprocalRanks() {
    Ranking words = new Ranking(new int[] {5, 9}, new float[] {12, 3});
    Ranking vectors = new Ranking(new int[] {9, 7}, new float[] {0.9f, 0.8f});
    Ranking fused = RankFusion.fuse(words, vectors, 2, HybridFusion.DEFAULT);
    assertEquals(2, fused.size());
    assertEquals(9, fused.document(0));
    assertEquals(1 / 62.0 + 1 / 61.0, fused.score(0), 1e-7);
    assertEquals(5, fused.document(1));
    assertEquals(1 / 61.0, fused.score(1), 1e-7);
  }

  @Test
  void countsOverlapOverWhatThereIsToFind() {
    Ranking truth = new Ranking(new int[] {1, 2, 3}, new float[] {3, 2, 1});
    assertEquals(1, truth.overlap(truth, 10));
    assertEquals(
        2 / 3.0, new Ranking(new int[] {3, 8, 1}, new float[] {3, 2, 1}).overlap(truth, 10));
    assertEquals(0, Ranking.EMPTY.overlap(truth, 2));
  }
}

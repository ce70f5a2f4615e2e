/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Pieces of the longer texts of a source: a few words in a row find another piece of the same text
 * (independent cropping; Izacard et al. 2022, "Unsupervised Dense Information Retrieval with
 * Contrastive Learning", section 3.1). The two are drawn apart from each other and may overlap, so
 * that rare words which stand in both are learnt to count.
 *
 * @param texts the source whose positives are cut
 * @param hasTextsOfItsOwn whether the source is used in no other way
 * @param mostWords most words of the larger piece
 * @param seed of the pieces that are drawn
 */
record CropSource(PairSource texts, boolean hasTextsOfItsOwn, int mostWords, long seed)
    implements PairSource {

  private static final int LEAST_WORDS = 40;
  private static final int LEAST_QUERY_WORDS = 4;
  private static final int MOST_QUERY_WORDS = 16;
  private static final int WORDS_PER_CROP = 60;
  private static final int MOST_CROPS = 6;

  @Override
  public String name() {
    return texts.name() + "-crops";
  }

  @Override
  public String kind() {
    return texts.kind() + "-crops";
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    Random random = new Random(seed);
    texts.read(
        pair -> {
          List<String> words = List.of(Words.oneLine(pair.positive()).split(" "));
          if (words.size() >= LEAST_WORDS) {
            int crops = Math.min(MOST_CROPS, Math.max(1, words.size() / WORDS_PER_CROP));
            for (int i = 0; i < crops; i++) {
              pairs.accept(crop(words, random));
            }
          }
        });
  }

  private Pair crop(List<String> words, Random random) {
    String query = piece(words, LEAST_QUERY_WORDS, MOST_QUERY_WORDS, random);
    int most = Math.min(mostWords, words.size());
    return new Pair(query, piece(words, Math.min(most, LEAST_WORDS), most, random));
  }

  private static String piece(List<String> words, int least, int most, Random random) {
    int length = least + random.nextInt(most - least + 1);
    int start = random.nextInt(words.size() - length + 1);
    return String.join(" ", words.subList(start, start + length));
  }
}

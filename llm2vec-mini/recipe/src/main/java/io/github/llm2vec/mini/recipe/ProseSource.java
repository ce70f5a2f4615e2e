/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Books, a paragraph per line: a sentence finds the paragraph that it was taken out of (the inverse
 * cloze task of Lee, Chang and Toutanova 2019, "Latent Retrieval for Weakly Supervised Open Domain
 * Question Answering").
 *
 * @param name short, for the report
 * @param file gzipped text
 * @param seed of the sentences that are drawn
 */
record ProseSource(String name, Path file, long seed) implements PairSource {

  private static final Pattern SENTENCE_END =
      Pattern.compile("(?<=[.!?]['\"]?)\\s+(?=['\"]?\\p{Lu})");
  private static final int LEAST_SENTENCES = 3;
  private static final int LEAST_QUERY_WORDS = 6;
  private static final int MOST_QUERY_WORDS = 30;
  private static final int LEAST_WORDS = 30;

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    Random random = new Random(seed);
    try (BufferedReader lines = GzipLines.open(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        List<String> sentences = List.of(SENTENCE_END.split(Words.oneLine(line)));
        if (sentences.size() < LEAST_SENTENCES) {
          continue;
        }
        int asked = random.nextInt(sentences.size());
        String rest =
            Stream.concat(
                    sentences.subList(0, asked).stream(),
                    sentences.subList(asked + 1, sentences.size()).stream())
                .collect(Collectors.joining(" "));
        int length = Words.of(sentences.get(asked)).size();
        if (length >= LEAST_QUERY_WORDS
            && length <= MOST_QUERY_WORDS
            && Words.of(rest).size() >= LEAST_WORDS) {
          pairs.accept(new Pair(sentences.get(asked), rest));
        }
      }
    }
  }
}

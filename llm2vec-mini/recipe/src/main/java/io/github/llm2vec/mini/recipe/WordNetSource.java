/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * WordNet: the synonyms find the definition, and a sentence that uses one of them finds it, too.
 *
 * @param folder with {@code data.noun} and the others
 */
record WordNetSource(Path folder) implements PairSource {

  private static final int LEAST_DEFINITION_WORDS = 4;
  private static final int LEAST_EXAMPLE_WORDS = 5;

  @Override
  public String name() {
    return "wordnet";
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    Synset.readAll(folder, synset -> pair(synset, pairs));
  }

  private static void pair(Synset synset, Consumer<Pair> pairs) {
    if (Words.of(synset.definition()).size() < LEAST_DEFINITION_WORDS) {
      return;
    }
    pairs.accept(new Pair(String.join(", ", synset.terms()), synset.definition()));
    for (String example : synset.examples()) {
      if (Words.of(example).size() >= LEAST_EXAMPLE_WORDS) {
        pairs.accept(new Pair(example, synset.terms().get(0) + ": " + synset.definition()));
      }
    }
  }
}

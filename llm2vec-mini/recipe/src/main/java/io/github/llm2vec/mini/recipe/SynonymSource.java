/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * WordNet's synonyms: one of them, drawn at random, finds the others and what they mean.
 *
 * @param folder with {@code data.noun} and the others
 * @param seed of the synonyms that are drawn
 */
record SynonymSource(Path folder, long seed) implements PairSource {

  @Override
  public String name() {
    return "synonyms";
  }

  /** The definitions are those of {@link WordNetSource}. */
  @Override
  public boolean hasTextsOfItsOwn() {
    return false;
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    Random random = new Random(seed);
    Synset.readAll(
        folder,
        synset -> {
          List<String> others = new ArrayList<>(synset.terms());
          if (others.size() > 1) {
            String asked = others.remove(random.nextInt(others.size()));
            pairs.accept(new Pair(asked, String.join(", ", others) + ": " + synset.definition()));
          }
        });
  }
}

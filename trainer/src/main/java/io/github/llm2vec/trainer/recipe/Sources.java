/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.recipe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The sources of the mini model and where they lie: unpacked Debian packages, a folder for each,
 * and collections in the layout of their READMEs. What is not there is left out and reported by its
 * absence.
 */
final class Sources {

  private static final String DICTIONARIES = "usr/share/dictd/";

  private final Path packages;
  private final Path collections;
  private final long seed;
  private final List<PairSource> found = new ArrayList<>();

  Sources(RecipeOptions options) {
    this.packages = options.packages();
    this.collections = options.collections();
    this.seed = options.seed();
  }

  /** Everything that is there, in a fixed order. */
  List<PairSource> find() {
    Path wordNet = packages.resolve("wordnet-base/usr/share/wordnet");
    add(wordNet, new WordNetSource(wordNet));
    Path descriptions = packages.resolve("Translation-en");
    add(descriptions, new DescriptionSource(descriptions));
    for (String name : List.of("gcide", "foldoc")) {
      Path file = packages.resolve("dict-" + name).resolve(DICTIONARIES + name + ".dict.dz");
      add(file, new DictionarySource(name, file));
    }
    for (String place :
        List.of(
            "anarchism/usr/share/doc",
            "apache2-doc/usr/share/doc/apache2-doc/manual/en",
            "debian-reference-en/usr/share/debian-reference",
            "postgresql-doc-15/usr/share/doc",
            "python3.11-doc/usr/share/doc",
            "sqlite3-doc/usr/share/doc")) {
      Path folder = packages.resolve(place);
      add(folder, new HtmlSource(place.substring(0, place.indexOf('/')), folder));
    }
    Stream.of("train", "test")
        .map(part -> collections.resolve("pairs/pubmedqa/" + part + ".jsonl.gz"))
        .forEach(file -> add(file, new JsonPairSource("pubmedqa", file)));
    Stream.of("dev", "test")
        .map(part -> collections.resolve("pairs/snli-devtest/triples." + part + ".jsonl.gz"))
        .forEach(file -> add(file, new JsonPairSource("snli", file)));
    Path novels = collections.resolve("text/novels/train.txt.gz");
    add(novels, new ProseSource("novels", novels, seed));
    return List.copyOf(found);
  }

  private void add(Path place, PairSource source) {
    if (Files.exists(place)) {
      found.add(source);
    }
  }
}

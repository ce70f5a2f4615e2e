/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.mini.recipe.TrainingDataBuilder.RecipeOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The sources of the mini model and where they lie: unpacked Debian packages, a folder for each,
 * and collections in the layout of their READMEs. What is not there is left out and reported by its
 * absence.
 */
final class Sources {

  /** Where each package of documentation has its pages. */
  private static final List<String> DOCUMENTATION =
      List.of(
          "apache2-doc/usr/share/doc/apache2-doc/manual/en",
          "bind9-doc/usr/share/doc",
          "erlang-doc/usr/share/doc",
          "keystone-doc/usr/share/doc",
          "libboost1.74-doc/usr/share/doc",
          "libreoffice-help-en-us/usr/share/libreoffice/help",
          "llvm-14-doc/usr/share/doc",
          "nodejs-doc/usr/share/doc",
          "nova-doc/usr/share/doc",
          "postgresql-doc-15/usr/share/doc",
          "python-astropy-doc/usr/share/doc",
          "python-django-doc/usr/share/doc",
          "python-pandas-doc/usr/share/doc",
          "python-scipy-doc/usr/share/doc",
          "python-sklearn-doc/usr/share/doc",
          "python-statsmodels-doc/usr/share/doc",
          "python-sympy-doc/usr/share/doc",
          "python3.11-doc/usr/share/doc",
          "sqlite3-doc/usr/share/doc",
          "swift-doc/usr/share/doc",
          "tomcat10-docs/usr/share/tomcat10-docs");

  /** Biological processes, chemicals, cells, experimental factors, diseases, anatomy. */
  private static final List<String> ONTOLOGIES =
      List.of("GO", "CHEBI", "CL", "EFO", "MONDO", "UBERON");

  private final Path packages;
  private final Path collections;
  private final int mostWords;
  private final long seed;
  private final List<PairSource> found = new ArrayList<>();

  Sources(RecipeOptions options) {
    this.packages = options.packages();
    this.collections = options.collections();
    this.mostWords = options.mostWords();
    this.seed = options.seed();
  }

  /** Everything that is there, in a fixed order. */
  List<PairSource> find() {
    Path wordNet = packages.resolve("wordnet-base/usr/share/wordnet");
    add(wordNet, new WordNetSource(wordNet));
    add(wordNet, new SynonymSource(wordNet, seed));
    Path descriptions = packages.resolve("Translation-en");
    addWithCrops(descriptions, new DescriptionSource(descriptions));
    Path foldoc = packages.resolve("dict-foldoc/usr/share/dictd/foldoc.dict.dz");
    addWithCrops(foldoc, new DictionarySource("foldoc", foldoc));
    for (String ontology : ONTOLOGIES) {
      Path file = packages.resolve("ontologies/" + ontology + ".json");
      add(file, new OntologySource(ontology, file, seed));
    }
    for (String place : DOCUMENTATION) {
      Path folder = packages.resolve(place);
      addWithCrops(folder, new HtmlSource(place.substring(0, place.indexOf('/')), folder));
    }
    Stream.of("train", "test")
        .map(part -> collections.resolve("pairs/pubmedqa/" + part + ".jsonl.gz"))
        .forEach(file -> addWithCrops(file, new JsonPairSource("pubmedqa", file)));
    // The test part is for tests.
    Path snli = collections.resolve("pairs/snli-devtest/triples.dev.jsonl.gz");
    add(snli, new JsonPairSource("snli", snli));
    Path novels = collections.resolve("text/novels/train.txt.gz");
    add(novels, new ProseSource("novels", novels, seed));
    for (String part : List.of("valid", "test")) {
      Path file = collections.resolve("text/wikitext-2/wiki." + part + ".tokens.gz");
      add(file, crops(new ParagraphSource("wikitext", file), true));
    }
    for (String part : List.of("inaugural", "state_union")) {
      Path file = collections.resolve("text/us-presidents/" + part + ".txt.gz");
      add(file, crops(new ParagraphSource("presidents", file), true));
    }
    return List.copyOf(found);
  }

  private PairSource crops(PairSource source, boolean textsOfItsOwn) {
    return new CropSource(source, textsOfItsOwn, mostWords, seed);
  }

  private void addWithCrops(Path place, PairSource source) {
    add(place, source);
    add(place, crops(source, false));
  }

  private void add(Path place, PairSource source) {
    if (Files.exists(place)) {
      found.add(source);
    }
  }

  /**
   * Pairs that someone has put together already: gzipped JSON lines.
   *
   * @param name short, for the report
   * @param file its lines have {@code query} and {@code positive}
   */
  private record JsonPairSource(String name, Path file) implements PairSource {

    private static final JsonMapper MAPPER = new JsonMapper();

    @Override
    public void read(Consumer<Pair> pairs) throws IOException {
      try (BufferedReader lines = GzipLines.open(file)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          JsonNode pair = MAPPER.readTree(line);
          pairs.accept(new Pair(pair.path("query").asText(), pair.path("positive").asText()));
        }
      }
    }
  }
}

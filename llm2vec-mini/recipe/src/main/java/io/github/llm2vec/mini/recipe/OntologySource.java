/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * An ontology's terms: a term finds its definition, and one of its synonyms, drawn at random, finds
 * term and definition.
 *
 * @param name short, for the report
 * @param file a JSON object with an object for each term, by id: {@code label}, {@code
 *     description}, {@code synonyms} (a list) and {@code deprecated}, of which only the first is
 *     always there
 * @param seed of the synonyms that are drawn
 */
record OntologySource(String name, Path file, long seed) implements PairSource {

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int LEAST_WORDS = 5;

  @Override
  public String kind() {
    return "ontologies";
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    Random random = new Random(seed);
    try (JsonParser parser = MAPPER.createParser(file.toFile())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException(file + " is not a JSON object of terms");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        parser.nextToken();
        JsonNode term = MAPPER.readTree(parser);
        if (!term.path("deprecated").asBoolean()) {
          pair(term, random, pairs);
        }
      }
    }
  }

  private static void pair(JsonNode term, Random random, Consumer<Pair> pairs) {
    String label = term.path("label").asText();
    String definition = term.path("description").asText();
    if (label.isBlank() || Words.of(definition).size() < LEAST_WORDS) {
      return;
    }
    pairs.accept(new Pair(label, definition));
    List<String> synonyms = new ArrayList<>();
    for (JsonNode synonym : term.path("synonyms")) {
      if (!synonym.asText().isBlank() && !synonym.asText().equalsIgnoreCase(label)) {
        synonyms.add(synonym.asText());
      }
    }
    if (!synonyms.isEmpty()) {
      String asked = synonyms.get(random.nextInt(synonyms.size()));
      pairs.accept(new Pair(asked, label + ": " + definition));
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.solr.LocalPages;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The search page of the demo with what it is told: {@code searches.json}, the three requests that
 * it compares, and {@code examples.json}, queries in other words than the documents they are about.
 * The terminal shows the same searches of the same examples.
 *
 * @param searches in the order of the columns
 * @param examples in the order of the buttons
 * @param files the page
 */
public record DemoPage(List<DemoSearch> searches, List<DemoExample> examples, LocalPages files) {

  /**
   * One of the searches that the demo compares.
   *
   * @param name its short name
   * @param title what it is called where people read it
   * @param handler the request handler of the collection, for example {@code /select}
   * @param params parameters of the request, which refer to the query as {@code $qq}
   */
  public record DemoSearch(String name, String title, String handler, Map<String, String> params) {

    /** Copies the map. */
    public DemoSearch {
      params = Map.copyOf(params);
    }
  }

  /** Where the page lies on the server of Solr. */
  public static final String PATH = "/demo";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SEARCHES = "searches.json";
  private static final String EXAMPLES = "examples.json";
  private static final List<String> FILES =
      List.of(LocalPages.INDEX, "page.css", "page.js", "icon.svg", SEARCHES, EXAMPLES);

  /** Copies the lists. */
  public DemoPage {
    searches = List.copyOf(searches);
    examples = List.copyOf(examples);
  }

  /** The page of this program. */
  public static DemoPage read() {
    Map<String, byte[]> files = new HashMap<>();
    try {
      for (String file : FILES) {
        files.put(file, bytes(file));
      }
      return new DemoPage(
          searches(JSON.readTree(files.get(SEARCHES)).get("searches")),
          examples(JSON.readTree(files.get(EXAMPLES))),
          new LocalPages(PATH, files));
    } catch (IOException e) {
      throw new UncheckedIOException("the demo's page is damaged: " + e.getMessage(), e);
    }
  }

  /** The same for a collection that the examples are not about. */
  public DemoPage withoutExamples() {
    return new DemoPage(searches, List.of(), files.with(EXAMPLES, "[]"));
  }

  private static List<DemoSearch> searches(JsonNode nodes) {
    List<DemoSearch> searches = new ArrayList<>();
    for (JsonNode node : nodes) {
      Map<String, String> params = new LinkedHashMap<>();
      node.get("params").properties().forEach(p -> params.put(p.getKey(), p.getValue().asText()));
      searches.add(
          new DemoSearch(
              node.get("name").asText(),
              node.get("title").asText(),
              node.get("handler").asText(),
              params));
    }
    return searches;
  }

  private static List<DemoExample> examples(JsonNode nodes) throws JsonProcessingException {
    return List.of(JSON.treeToValue(nodes, DemoExample[].class));
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = DemoPage.class.getResourceAsStream("page/" + file)) {
      if (in == null) {
        throw new IOException("no resource page/" + file);
      }
      return in.readAllBytes();
    }
  }

  /**
   * A query that says in other words what a document is about.
   *
   * @param query what is typed
   * @param finds id of the document
   */
  public record DemoExample(String query, String finds) {}
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.demo.DemoPage.DemoExample;
import io.github.llm2vec.cli.demo.DemoPage.DemoSearch;
import io.github.llm2vec.cli.solr.LocalPages;
import io.github.llm2vec.cli.solr.LocalSolr;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.node.ModelsFileWriter;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page and all that it asks of a real Solr with the model that the demo takes, over HTTP. */
class DemoPageTest {

  private static final Path PROJECT = Path.of("..");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DOCUMENTS = 40;
  private static final TextRecord HOSTILE =
      new TextRecord(
          "\"><img src=x onerror=alert(1)>",
          "<script>alert(1)</script>",
          "A zyxwv </script><b onclick=\"alert(1)\">of</b> &amp; \ue000marks\ue001.");

  private static final Path CORPUS = PROJECT.resolve("examples/dbpedia/corpus.jsonl.gz");

  @TempDir private static Path home;
  private static LocalSolr solr;
  private static final DemoPage PAGE = DemoPage.read();
  private static final Map<String, TextRecord> WANTED = new HashMap<>();

  @BeforeAll
  static void index() throws IOException {
    List<TextRecord> documents = new ArrayList<>(List.of(HOSTILE));
    Set<String> wanted =
        PAGE.examples().stream().map(DemoExample::finds).collect(Collectors.toSet());
    try (TextReader reader = TextReader.open(CORPUS, TextFormat.AUTO)) {
      for (Optional<TextRecord> text = reader.next(); text.isPresent(); text = reader.next()) {
        boolean isWanted = wanted.contains(text.get().id());
        if (isWanted) {
          WANTED.put(text.get().id(), text.get());
        }
        if (isWanted || documents.size() < DOCUMENTS) {
          documents.add(text.get());
        }
      }
    }
    ModelsFileWriter.write(
        home.resolve(ModelsFile.NAME), List.of(ModelDeclaration.of("default", "mini")));
    String dims;
    try (Llm2Vec model = Llm2Vec.open("mini")) {
      dims = Integer.toString(model.dimensions());
    }
    solr = LocalSolr.start(home, 0, PAGE.files());
    solr.createCollection(
        "demo", PROJECT.resolve("solr-config-examples/hybrid"), Map.of("llm2vec.dims", dims));
    try (SolrCollection collection = new SolrCollection(solr.url(), "demo")) {
      collection.awaitModel(() -> false);
      collection.add(documents);
      collection.commit();
    }
  }

  @AfterAll
  static void stop() {
    if (solr != null) {
      solr.close();
    }
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(URI.create(solr.root() + path)).GET());
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** As the page asks: a form by POST. */
  private static HttpResponse<String> ask(String handler, Map<String, String> params)
      throws Exception {
    String form =
        params.entrySet().stream()
            .map(p -> encode(p.getKey()) + "=" + encode(p.getValue()))
            .collect(Collectors.joining("&"));
    return send(
        HttpRequest.newBuilder(URI.create(solr.root() + "/solr/demo" + handler))
            .header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
            .POST(HttpRequest.BodyPublishers.ofString(form)));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static JsonNode search(DemoSearch search, String text) throws Exception {
    Map<String, String> params = new HashMap<>(search.params());
    params.putAll(Map.of("qq", text, "rows", "5", "fl", "id,title,text,score", "wt", "json"));
    HttpResponse<String> answer = ask(search.handler(), params);
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(
        answer.headers().firstValue("Content-Type").orElse("").startsWith("application/json"));
    return JSON.readTree(answer.body());
  }

  @Test
  void servesThePageAndEveryFileThatItNamesAndNothingElse() throws Exception {
    assertEquals(302, get("/demo").statusCode());
    HttpResponse<String> page = get("/demo/");
    assertEquals(200, page.statusCode());
    assertEquals(
        "text/html;charset=utf-8", page.headers().firstValue("Content-Type").orElseThrow());
    Set<String> named =
        Pattern.compile("(?:src|href)=\"([^\"]+)\"|\"([a-z]+\\.json)\"")
            .matcher(page.body() + get("/demo/page.js").body())
            .results()
            .map(link -> link.group(1) == null ? link.group(2) : link.group(1))
            .collect(Collectors.toSet());
    assertEquals(
        Set.of("page.css", "page.js", "icon.svg", "searches.json", "examples.json"), named);
    for (String file : named) {
      HttpResponse<String> answer = get("/demo/" + file);
      assertEquals(200, answer.statusCode(), file);
      assertTrue(
          answer
              .headers()
              .firstValue("Content-Security-Policy")
              .orElse("")
              .startsWith("default-src 'none'"),
          file);
    }
    for (String other : List.of("/demo/DemoPage.class", "/demo/..%2Fpage.js", "/demonstration/")) {
      assertTrue(get(other).statusCode() >= 400, other);
    }
    HttpRequest.Builder change =
        HttpRequest.newBuilder(URI.create(solr.root() + "/demo/page.js"))
            .PUT(HttpRequest.BodyPublishers.ofString("changed"));
    assertEquals(405, send(change).statusCode());
  }

  @Test
  void everySearchFindsSomethingForEveryExample() throws Exception {
    assertEquals(
        List.of("words", "meaning", "both"),
        PAGE.searches().stream().map(DemoSearch::name).toList());
    assertEquals(3, PAGE.examples().size());
    for (DemoExample example : PAGE.examples()) {
      for (DemoSearch search : PAGE.searches()) {
        JsonNode docs = search(search, example.query()).get("response").get("docs");
        // Words that no document has are what the other two are for.
        assertTrue(search.name().equals("words") || docs.size() == 5, example + " " + search);
        double last = Double.MAX_VALUE;
        for (JsonNode doc : docs) {
          assertTrue(doc.get("score").asDouble() <= last);
          last = doc.get("score").asDouble();
        }
      }
    }
  }

  @Test
  void noWordOfAnExampleIsInTheDocumentThatItIsAbout() throws IOException {
    for (DemoExample example : PAGE.examples()) {
      TextRecord document = WANTED.get(example.finds());
      assertTrue(document != null, example + " is about no document of the sample");
      Set<String> shared = words(example.query());
      shared.retainAll(words(document.title() + " " + document.text()));
      assertEquals(Set.of(), shared, example.query());
    }
  }

  /** So that the first thing that anybody sees is what words cannot find. */
  @Test
  void noWordOfTheFirstExampleIsInAnyDocument() throws IOException {
    Set<String> query = words(PAGE.examples().get(0).query());
    try (TextReader reader = TextReader.open(CORPUS, TextFormat.AUTO)) {
      for (Optional<TextRecord> text = reader.next(); text.isPresent(); text = reader.next()) {
        Set<String> shared = words(text.get().title() + " " + text.get().text());
        shared.retainAll(query);
        assertEquals(Set.of(), shared, text.get().id());
      }
    }
  }

  /** Stems of a text, without the words that are in every text. */
  private static Set<String> words(String text) throws IOException {
    Set<String> words = new HashSet<>();
    try (EnglishAnalyzer analyzer = new EnglishAnalyzer();
        TokenStream tokens = analyzer.tokenStream("", text)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.add(term.toString());
      }
    }
    return words;
  }

  /**
   * Markup in a document arrives as text in JSON, and the page has no way to make markup of text:
   * the policy allows no script in the page, and its own makes elements and text nodes only.
   */
  @Test
  void markupInDocumentsAndQueriesStaysText() throws Exception {
    for (DemoSearch search : PAGE.searches()) {
      JsonNode answer = search(search, "zyxwv </script><img src=x onerror=alert(1)>");
      JsonNode first = null;
      for (JsonNode doc : answer.get("response").get("docs")) {
        first = doc.get("id").asText().equals(HOSTILE.id()) ? doc : first;
      }
      if (search.name().equals("words")) {
        assertEquals(HOSTILE.title(), first.get("title").asText());
        assertEquals(HOSTILE.text(), first.get("text").asText());
        String marked = answer.get("highlighting").get(HOSTILE.id()).get("text").get(0).asText();
        assertTrue(marked.contains("\ue000zyxwv\ue001 <"), marked);
      }
    }
    String script = get("/demo/page.js").body();
    for (String way :
        List.of("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "srcdoc")) {
      assertFalse(script.contains(way), way);
    }
    String page = get("/demo/").body();
    assertFalse(
        Pattern.compile("\\son[a-z]+=|\\sstyle=|<script>|<style>|javascript:")
            .matcher(page)
            .find());
    assertFalse(Pattern.compile("https?:|//[a-z]").matcher(page).find(), "an external request");
  }

  @Test
  void whatThePageShowsOfErrorsIsInTheAnswer() throws Exception {
    HttpResponse<String> bad = ask("/select", Map.of("q", "{!llm2vec f=nofield v=$qq}", "qq", "x"));
    assertEquals(400, bad.statusCode());
    assertTrue(JSON.readTree(bad.body()).get("error").get("msg").asText().contains("nofield"));
    JsonNode model = JSON.readTree(ask("/llm2vec", Map.of()).body()).get("models").get(0);
    assertEquals("READY", model.get("state").asText());
    assertEquals("mini", model.get("model").asText());
  }

  @Test
  void theVectorsOfSentencesAreThoseOfTheModel() throws Exception {
    String sentence = "The guitar has six strings.";
    Map<String, String> params =
        Map.of("action", "encode", "model", "default", "role", "document", "text", sentence);
    JsonNode vector = JSON.readTree(ask("/llm2vec", params).body()).get("vector");
    double length = 0;
    for (JsonNode value : vector) {
      length += value.asDouble() * value.asDouble();
    }
    assertEquals(1, length, 1e-4);
  }

  @Test
  void aPageForOtherDocumentsHasNoExamples() {
    DemoPage other = PAGE.withoutExamples();
    assertEquals(List.of(), other.examples());
    assertEquals(
        "[]", new String(other.files().files().get("examples.json"), StandardCharsets.UTF_8));
    assertTrue(other.files().files().containsKey(LocalPages.INDEX));
  }
}

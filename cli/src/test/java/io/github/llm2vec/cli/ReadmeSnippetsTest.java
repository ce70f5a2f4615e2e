/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.solr.LocalPages;
import io.github.llm2vec.cli.solr.LocalSolr;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that README shows in a fence is run as it stands there. */
class ReadmeSnippetsTest {

  private static final Path PROJECT = Path.of("..");
  private static final String MOON = "Neil Armstrong was the first astronaut on the moon.";
  private static final String GUITAR = "A guitar has six strings.";

  @TempDir private Path folder;

  /**
   * A fenced block.
   *
   * @param language what stands behind the fence
   */
  private record Snippet(String language, String text) {}

  private static List<Snippet> snippets() throws IOException {
    return Pattern.compile("^```([a-z]+)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
        .matcher(Files.readString(PROJECT.resolve("README.md")))
        .results()
        .map((MatchResult found) -> new Snippet(found.group(1), found.group(2)))
        .toList();
  }

  private static String only(String language, String part) throws IOException {
    List<String> found =
        snippets().stream()
            .filter(snippet -> snippet.language().equals(language))
            .map(Snippet::text)
            .filter(text -> text.contains(part))
            .toList();
    assertEquals(1, found.size(), language + " with " + part);
    return found.get(0);
  }

  /** A new kind of snippet needs a test. */
  @Test
  void thereIsATestForEveryKindOfSnippet() throws IOException {
    Set<String> languages = snippets().stream().map(Snippet::language).collect(Collectors.toSet());
    assertEquals(Set.of("sh", "xml", "json", "params", "java"), languages);
    assertEquals(2, snippets().stream().filter(s -> s.language().equals("json")).count());
  }

  /** Commands are understood (ReadmeTest), and there is nothing else but settings. */
  @Test
  void shellLinesAreCommandsOfThisProgramOrSettings() throws IOException {
    for (Snippet snippet : snippets()) {
      if (snippet.language().equals("sh")) {
        for (String line : snippet.text().lines().toList()) {
          assertTrue(line.matches("bin/llm2vec \\S.*|export( [A-Z_]+=\\S+)+"), line);
        }
      }
    }
  }

  @Test
  void theJavaSnippetCompilesAndFinds() throws Exception {
    String body =
        only("java", "Llm2Vec.open")
            .replace("\"my-index\"", '"' + folder.resolve("my-index").toString() + '"')
            .replace("System.out.println", "found.add");
    Path source = Files.createDirectories(folder.resolve("source")).resolve("Snippet.java");
    Files.writeString(source, imports(body) + wrapped(body));
    Path classes = Files.createDirectories(folder.resolve("classes"));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of(
                    "-proc:none",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-d",
                    classes.toString()),
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(source))
            .call();
    assertTrue(compiled, messages.toString());
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
      Object found = loader.loadClass("Snippet").getMethod("run").invoke(null);
      assertEquals(Set.of("moon", "guitar"), Set.copyOf((List<?>) found));
    }
  }

  private static String wrapped(String body) {
    return """
        public final class Snippet {
          public static List<String> run() throws Exception {
            List<String> found = new ArrayList<>();
            List<SourceDocument> documents = List.of(
                new SourceDocument("1", "moon", "%s"), new SourceDocument("2", "guitar", "%s"));
        """
            .formatted(MOON, GUITAR)
        + body
        + "return found; } }\n";
  }

  /** Imports of all classes that a piece of Java names, found by where they are on disk. */
  private static String imports(String body) throws IOException {
    Set<String> imports = new TreeSet<>(Set.of("java.util.List", "java.util.ArrayList"));
    imports.add("java.nio.file.Path");
    imports.add("io.github.llm2vec.encoder.Llm2Vec");
    imports.add("org.apache.lucene.analysis.Analyzer");
    imports.add("org.apache.lucene.analysis.en.EnglishAnalyzer");
    for (String name : List.of("Directory", "FSDirectory")) {
      imports.add("org.apache.lucene.store." + name);
    }
    for (String name : List.of("IndexWriter", "DirectoryReader")) {
      imports.add("org.apache.lucene.index." + name);
    }
    for (String name : List.of("IndexSearcher", "Query", "ScoreDoc")) {
      imports.add("org.apache.lucene.search." + name);
    }
    try (Stream<Path> own =
        Files.list(PROJECT.resolve("lucene-llm2vec/src/main/java/io/github/llm2vec/lucene"))) {
      own.map(file -> file.getFileName().toString().replace(".java", ""))
          .filter(name -> name.equals("SourceDocument") || body.contains(name))
          .filter(name -> !name.contains("-"))
          .forEach(name -> imports.add("io.github.llm2vec.lucene." + name));
    }
    return imports.stream().map(name -> "import " + name + ";\n").collect(Collectors.joining());
  }

  @Test
  void theSolrSnippetsMakeACollectionThatIsFilledAndAsked() throws Exception {
    Path home = Files.createDirectories(folder.resolve("home"));
    Files.writeString(home.resolve("llm2vec-models.json"), only("json", "\"models\""));
    Path configset = collectionOf(only("xml", "updateRequestProcessorChain"));
    try (LocalSolr solr = LocalSolr.start(home, 0, LocalPages.NONE)) {
      solr.createCollection("snippets", configset, Map.of("llm2vec.dims", dimensions()));
      String documents =
          "[{\"id\":\"1\",\"text\":\"%s\"},{\"id\":\"2\",\"text\":\"%s\"}]".formatted(MOON, GUITAR);
      post(solr, "/update?commit=true", "application/json", documents);
      String form =
          only("params", "llm2vec")
              .lines()
              .map(line -> line.split("=", 2))
              .map(p -> p[0] + "=" + URLEncoder.encode(p[1], StandardCharsets.UTF_8))
              .collect(Collectors.joining("&"));
      String answer = post(solr, "/select?fl=id", "application/x-www-form-urlencoded", form);
      assertTrue(answer.contains("\"numFound\":2"), answer);
    }
  }

  /** The basic example with the snippet in the place of its own chain and query parser. */
  private Path collectionOf(String xml) throws IOException {
    Path basic = PROJECT.resolve("solr-config-examples/basic/conf");
    Path conf = Files.createDirectories(folder.resolve("configset/conf"));
    Files.copy(basic.resolve("schema.xml"), conf.resolve("schema.xml"));
    String config = Files.readString(basic.resolve("solrconfig.xml"));
    String without =
        config
            .replaceFirst("(?s)<updateRequestProcessorChain.*?</updateRequestProcessorChain>", "")
            .replaceFirst("(?s)<queryParser.*?</queryParser>", "");
    assertTrue(!without.contains("Llm2VecUpdateProcessorFactory"), without);
    Files.writeString(
        conf.resolve("solrconfig.xml"), without.replace("</config>", xml + "</config>"));
    return conf.getParent();
  }

  private String dimensions() {
    CommandRunner runner = CommandRunner.withRealModels();
    assertEquals(0, runner.run("inspect", "--model", "mini"), runner.err());
    return Pattern.compile("vectors +([0-9,]+) dimensions")
        .matcher(runner.out())
        .results()
        .map((MatchResult found) -> found.group(1).replace(",", ""))
        .findFirst()
        .orElseThrow();
  }

  private static String post(LocalSolr solr, String path, String type, String body)
      throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(solr.url() + "/snippets" + path))
                    .header("Content-Type", type)
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertEquals(200, answer.statusCode(), answer.body());
    return answer.body().replace(" ", "");
  }

  @Test
  void theTrainingSnippetTrainsAnAdapterThatOpens() throws IOException {
    Path texts = folder.resolve("my-texts.txt");
    Files.writeString(texts, (MOON + "\n" + GUITAR + "\n").repeat(4));
    Path output = folder.resolve("my-model");
    Path config = folder.resolve("my-training.json");
    Files.writeString(
        config,
        only("json", "model_name_or_path")
            .replace("my-texts.txt", texts.toString().replace("\\", "/"))
            .replace("output/my-model", output.toString().replace("\\", "/")));
    CommandRunner runner = CommandRunner.withRealModels();
    List<String> command = line("bin/llm2vec simcse");
    assertEquals(List.of("simcse", "my-training.json"), command);
    assertEquals(
        0,
        runner.run(
            "simcse", config.toString(), "--max_steps", "1", "--per_device_train_batch_size", "4"),
        runner.err());
    assertEquals(0, runner.run("inspect", "--model", output.toString()), runner.err());
    assertTrue(runner.out().contains("adapter"), runner.out());
  }

  @Test
  void theSearchOfTheTerminalFinds() throws IOException {
    Path texts = folder.resolve("my-texts.txt");
    Files.writeString(texts, MOON + "\n" + GUITAR + "\n");
    List<String> command = line("bin/llm2vec search");
    String[] arguments =
        command.stream()
            .map(word -> word.equals("my-texts.txt") ? texts.toString() : word)
            .toArray(String[]::new);
    CommandRunner runner = CommandRunner.withRealModels().typing("strings\n");
    assertEquals(0, runner.run(arguments), runner.err());
    assertTrue(runner.out().contains("six strings"), runner.out());
  }

  /** The words of a shell line behind the program's name. */
  private static List<String> line(String start) throws IOException {
    String line =
        only("sh", start).lines().filter(l -> l.startsWith(start)).findFirst().orElseThrow();
    return List.of(line.split(" ")).subList(1, line.split(" ").length);
  }
}

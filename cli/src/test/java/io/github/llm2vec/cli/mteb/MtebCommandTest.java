/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mteb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MtebCommandTest {

  private static final int DOCUMENTS = 60;
  private static final int QUERIES = 8;
  private static final String DEFAULT_INSTRUCTION = "Retrieve text based on user query:";

  @TempDir private Path folder;
  private Path data;
  private HashEncoder encoder = new HashEncoder(8);
  private final CommandRunner runner = new CommandRunner(this::open);

  /** The other model gives a query what the first one gives what it is about. */
  private TextEncoder open(ModelOptions options) {
    if (!options.model().equals(Optional.of("org/student"))) {
      return encoder;
    }
    return new TextEncoder() {
      @Override
      public int dimensions() {
        return encoder.dimensions();
      }

      @Override
      public String fingerprint() {
        return "57d";
      }

      @Override
      public float[][] encode(List<String> texts, Prompt prompt) {
        assertEquals(Prompt.query(DEFAULT_INSTRUCTION), prompt);
        return texts.stream()
            .map(text -> encoder.vector(text.replace("about ", ""), Prompt.document()))
            .toArray(float[][]::new);
      }

      @Override
      public void close() {}
    };
  }

  /** Query i is about document 3 i. */
  @BeforeEach
  void writeCollection() throws IOException {
    data = Files.createDirectories(folder.resolve("tiny/qrels")).getParent();
    write("corpus.jsonl", DOCUMENTS, i -> "{\"_id\":\"d%d\",\"title\":\"\",\"text\":\"w%d\"}");
    write("queries.jsonl", QUERIES, i -> "{\"_id\":\"q%d\",\"text\":\"about w%d\"}");
    Files.writeString(
        data.resolve("qrels/test.tsv"),
        "query-id\tcorpus-id\tscore\n"
            + IntStream.range(0, QUERIES)
                .mapToObj(i -> "q%d\td%d\t1\n".formatted(i, 3 * i))
                .collect(Collectors.joining()));
  }

  private interface Line {
    String pattern(int number);
  }

  private void write(String name, int lines, Line line) throws IOException {
    int step = name.startsWith("queries") ? 3 : 1;
    Files.writeString(
        data.resolve(name),
        IntStream.range(0, lines)
            .mapToObj(i -> line.pattern(i).formatted(i, i * step) + "\n")
            .collect(Collectors.joining()));
  }

  @Test
  void collectionOfOnesOwnIsFoundInTheFolderOfTheData() throws IOException {
    Path output = folder.resolve("out");
    assertEquals(
        0,
        runner.run(
            "mteb",
            "--tasks",
            "tiny",
            "--data",
            folder.toString(),
            "--model",
            "org/m",
            "--output",
            output.toString()),
        runner.err());
    assertEquals("tiny", result(output, "org__m").get("task_name").asText());
  }

  @Test
  void writesTheScoreThatTheVectorsGive() throws IOException {
    Path output = folder.resolve("out");
    assertEquals(
        0,
        runner.run(
            "mteb", "--tasks", data.toString(), "--model", "org/m", "--output", output.toString()));
    JsonNode result = result(output, "org__m");
    assertEquals("tiny", result.get("task_name").asText());
    assertEquals(expectedNdcgAt10(), result.at("/scores/test/0/main_score").asDouble(), 1e-5);
    assertTrue(runner.out().contains("tiny"), runner.out());
    assertTrue(Files.exists(output.resolve("report.html")));
    assertTrue(Files.exists(output.resolve("runs/tiny/test/org_m.run.gz")));
    assertEquals(
        QUERIES + 1, Files.readAllLines(output.resolve("queries/tiny/test/org_m.tsv")).size());
    assertTrue(encoder.closed());
  }

  @Test
  void queriesAreEncodedByAModelOfTheirOwn() throws IOException {
    Path output = folder.resolve("out");
    String[] command = {
      "mteb", "--tasks", data.toString(), "--model", "org/m", "--output", output.toString()
    };
    assertEquals(0, runner.run(command), runner.err());
    String[] other = Arrays.copyOf(command, command.length + 2);
    other[command.length] = "--query-model";
    other[command.length + 1] = "org/student";
    assertEquals(0, runner.run(other), runner.err());
    JsonNode result = result(output, "org__m-queries-org__student");
    assertEquals(1, result.at("/scores/test/0/main_score").asDouble(), 1e-9);
    assertEquals(
        expectedNdcgAt10(),
        result(output, "org__m").at("/scores/test/0/main_score").asDouble(),
        1e-5);
  }

  /** One relevant document: nDCG@10 is 1/log2(rank + 1). Ranks by brute force, last id first. */
  private double expectedNdcgAt10() {
    double sum = 0;
    for (int q = 0; q < QUERIES; q++) {
      float[] query = encoder.vector("about w" + 3 * q, Prompt.query(DEFAULT_INSTRUCTION));
      List<Integer> ranked =
          IntStream.range(0, DOCUMENTS)
              .boxed()
              .sorted(
                  Comparator.comparingDouble(
                      d -> -cosine(query, encoder.vector("w" + d, Prompt.document()))))
              .toList();
      int rank = ranked.indexOf(3 * q) + 1;
      sum += rank <= 10 ? Math.log(2) / Math.log(rank + 1) : 0;
    }
    return sum / QUERIES;
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  @Test
  void needsNoModelForWordsAndFindsTheWord() throws IOException {
    Path output = folder.resolve("out");
    assertEquals(0, runner.run("mteb", "--tasks", data.toString(), "--output", output.toString()));
    JsonNode scores =
        new ObjectMapper()
            .readTree(output.resolve("results/local__bm25/lucene/tiny.json").toFile());
    assertEquals(1.0, scores.at("/scores/test/0/main_score").asDouble());
    assertEquals(List.of(), encoder.encoded());
  }

  @Test
  void goesOnAfterAFailureWithTheSameResultFile() throws IOException {
    Path whole = folder.resolve("whole");
    assertEquals(0, evaluate(whole));
    int texts = encoder.encoded().size();

    HashEncoder failing = new HashEncoder(8).failingAfter(40);
    encoder = failing;
    Path output = folder.resolve("out");
    assertEquals(1, evaluate(output));
    assertTrue(runner.err().contains("power cut"), runner.err());
    encoder = new HashEncoder(8);
    assertEquals(0, evaluate(output));
    assertEquals(texts, failing.encoded().size() + encoder.encoded().size());
    assertEquals(withoutTime(whole), withoutTime(output));
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("runs/tiny/test/m.run.gz")),
        Files.readAllBytes(output.resolve("runs/tiny/test/m.run.gz")));
  }

  private int evaluate(Path output) {
    return runner.run(
        "mteb",
        "--tasks",
        data.toString(),
        "--model",
        "m",
        "--shard-vectors",
        "20",
        "--output",
        output.toString());
  }

  private static List<String> withoutTime(Path output) throws IOException {
    return Files.readAllLines(output.resolve("results/local__m/no_revision_available/tiny.json"))
        .stream()
        .filter(line -> !line.contains("evaluation_time"))
        .toList();
  }

  @Test
  void readsAConfigurationThatTheCommandLineOverrides() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("config.json"),
            """
            {"base_model_name_or_path": "org/m", "task_name": ["%s"], "methods": "exact,bm25",
             "output_dir": "%s", "hits": 20, "max_length": 64, "strict": false, "split": null}
            """
                .formatted(data, folder.resolve("unused")));
    Path output = folder.resolve("out");
    assertEquals(0, runner.run("mteb", "--hits", "50", file.toString(), "--output", "" + output));
    assertTrue(runner.out().contains("bm25"), runner.out());
    assertFalse(Files.exists(folder.resolve("unused")));
    result(output, "org__m");

    Files.writeString(file, "{\"task_nam\": \"x\"}");
    assertEquals(1, runner.run("mteb", file.toString()));
    assertTrue(runner.err().contains("there is no key task_nam; did you mean 'task_name'?"));
    Files.writeString(file, "{\"hits\": \"many\"}");
    assertEquals(2, runner.run("mteb", file.toString()));
    assertTrue(runner.err().contains("whole number"), runner.err());
  }

  @Test
  void saysWhatIsWrongWithTasksAndMethods() {
    assertEquals(1, runner.run("mteb"));
    assertTrue(runner.err().contains("see --tasks"), runner.err());
    assertEquals(1, runner.run("mteb", "--tasks", "SciFakt"));
    assertTrue(runner.err().contains("task 'SciFakt' is not known"), runner.err());
    assertEquals(1, runner.run("mteb", "--tasks", data.toString(), "--methods", "exactly"));
    assertTrue(runner.err().contains("'exactly' is no way to search"), runner.err());
    assertEquals(1, runner.run("mteb", "--tasks", data.toString(), "--methods", "exact"));
    assertTrue(runner.err().contains("without a model only bm25"), runner.err());
  }

  @Test
  void comparesFilesFoldersAndQueries() throws IOException {
    Path output = folder.resolve("out");
    assertEquals(
        0,
        runner.run(
            "mteb",
            "--tasks",
            "" + data,
            "--model",
            "m",
            "--methods",
            "exact,bm25",
            "--output",
            "" + output));
    Path model = output.resolve("results/local__m/no_revision_available");
    Path words = output.resolve("results/local__bm25/lucene");
    String difference = "%+.2f".formatted(100 * (1 - expectedNdcgAt10()));

    assertEquals(0, runner.run("compare", "" + model, "" + words));
    assertTrue(lineWith("tiny").endsWith(difference), runner.out());
    assertEquals(
        0, runner.run("compare", "" + model.resolve("tiny.json"), "" + words.resolve("tiny.json")));
    assertTrue(lineWith("ndcg_at_10 ").endsWith(difference), runner.out());
    assertTrue(runner.out().contains("p (random)"), runner.out());
    Path queries = output.resolve("queries/tiny/test");
    assertEquals(
        0, runner.run("compare", "" + queries.resolve("m.tsv"), "" + queries.resolve("bm25.tsv")));
    assertTrue(lineWith("ndcg_at_10 ").contains(difference), runner.out());
    assertEquals(1, runner.run("compare", "" + model, "" + folder));
    assertTrue(runner.err().contains("have no task in common"), runner.err());
  }

  private String lineWith(String start) {
    return Arrays.stream(runner.out().split("\n"))
        .filter(line -> line.startsWith(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError(runner.out()));
  }

  private static JsonNode result(Path output, String model) throws IOException {
    return new ObjectMapper()
        .readTree(
            output
                .resolve("results")
                .resolve(model)
                .resolve("no_revision_available/tiny.json")
                .toFile());
  }
}

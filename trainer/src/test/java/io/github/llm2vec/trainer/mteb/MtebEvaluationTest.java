/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.TaskEvaluation.EvaluatedModel;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.results.RunFile;
import io.github.llm2vec.trainer.mteb.results.TaskResult;
import io.github.llm2vec.trainer.mteb.search.Bm25Search;
import io.github.llm2vec.trainer.mteb.search.JavaScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.ScoreBlocks;
import io.github.llm2vec.trainer.mteb.search.WordVectorEncoder;
import io.github.llm2vec.trainer.mteb.task.CollectionFiles;
import io.github.llm2vec.trainer.mteb.task.DatasetException;
import io.github.llm2vec.trainer.mteb.task.Finding;
import io.github.llm2vec.trainer.mteb.task.RecordFormats;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import io.github.llm2vec.trainer.mteb.task.TaskInstructions;
import io.github.llm2vec.trainer.mteb.task.TaskRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MtebEvaluationTest {

  private static final int DIMENSIONS = 128;
  private static final EvaluationOptions ALL = options(SearchMethod.all(), false, false);

  private static EvaluationOptions options(
      List<SearchMethod> methods, boolean costs, boolean strict) {
    return new EvaluationOptions(
        methods,
        50,
        16,
        VectorFormatOptions.DEFAULTS,
        OptionalInt.empty(),
        Bm25Search.Options.FLAT,
        costs,
        strict,
        RecordFormats.DEFAULTS);
  }

  @TempDir Path folder;
  private final ScoreBlocks blocks = new JavaScoreBlocks(1);
  private final WordVectorEncoder encoder = new WordVectorEncoder(DIMENSIONS);

  @AfterEach
  void close() {
    blocks.close();
  }

  /** 100 documents about a number each; ten queries that ask for one of them. */
  private Path numbers(String name) throws IOException {
    Path data = folder.resolve(name);
    new CollectionFiles(data)
        .write(
            "corpus.jsonl",
            IntStream.range(0, 100)
                .mapToObj(
                    i -> "{'_id':'d%d','title':'n%d','text':'x%d y%d'}".formatted(i, i, i, i % 7))
                .toArray(String[]::new))
        .write(
            "queries.jsonl",
            IntStream.range(0, 10)
                .mapToObj(i -> "{'_id':'q%d','text':'n%d x%d'}".formatted(i, 3 * i, 3 * i))
                .toArray(String[]::new))
        .write(
            "qrels/test.tsv",
            IntStream.range(0, 10)
                .mapToObj(i -> "q%d\td%d\t1".formatted(i, 3 * i))
                .toArray(String[]::new));
    return data;
  }

  private static EvaluationTask own(Path data) {
    return new EvaluationTask(
        TaskDefinition.own(data.getFileName().toString(), TaskDefinition.Type.RETRIEVAL, "test"),
        data,
        "Find it:");
  }

  private MtebEvaluation evaluation(
      WordVectorEncoder tested, EvaluationOptions options, String out) {
    return MtebEvaluation.of(
        new EvaluatedModel("team/model", "r1", tested, tested),
        blocks,
        options,
        folder.resolve(out));
  }

  @Test
  void findsWhatIsThereByEveryMethodAndWritesEveryFile() throws IOException {
    Path data = numbers("numbers");
    MtebEvaluation evaluation =
        evaluation(encoder, options(SearchMethod.all(), true, false), "out");
    EvaluationOutcome outcome = evaluation.run(List.of(own(data)), EvaluationListener.NONE);
    TaskEvaluation task = outcome.tasks().get(0);
    assertEquals(new TaskEvaluation.Size(10, 100, DIMENSIONS), task.size());
    assertEquals(
        List.of("exact", "hnsw-float32", "hnsw-int8", "hnsw-int4", "bm25", "hybrid"),
        task.methods().stream().map(TaskEvaluation.MethodResult::label).toList());
    for (TaskEvaluation.MethodResult method : task.methods()) {
      assertEquals(1, method.scores().main(), 1e-9, method.label());
      String system = method.system();
      String model = system.contains("/") ? system.replace("/", "__") : "local__" + system;
      String revision = method.label().equals("bm25") ? "lucene" : "r1";
      Path result =
          folder.resolve("out/results").resolve(model).resolve(revision).resolve("numbers.json");
      assertEquals(1, TaskResult.read(result).splits().get("test").get(0).main());
      assertTrue(Files.exists(result.resolveSibling("model_meta.json")));
      RunFile run = RunFile.read(evaluation.files().run(own(data).definition(), method.system()));
      assertEquals(10, run.hits().size());
      assertEquals("d6", run.hits().get("q2").get(0).documentId());
    }
    assertEquals(1 + 3 * 6, task.costs().size());
    assertEquals(1, task.costs().get(0).overlapAt10());
  }

  @Test
  void givesTheInstructionToQueriesAndNotToDocuments() throws IOException {
    evaluation(encoder, all(List.of(new SearchMethod.Exact())), "out")
        .run(List.of(own(numbers("numbers"))), EvaluationListener.NONE);
    List<Prompt> prompts = encoder.prompts();
    assertEquals(
        List.of(Prompt.document(), new Prompt(Role.QUERY, "Find it:")),
        prompts.stream().distinct().toList());
    assertEquals(7, prompts.stream().filter(Prompt.document()::equals).count());
  }

  private static SortedMap<String, String> files(Path root) throws IOException {
    SortedMap<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = root.relativize(file).toString();
        boolean luceneIndex = name.contains("graph-") || name.contains("words");
        if (!luceneIndex && !name.endsWith("lock")) {
          String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
          contents.put(name, content.replaceAll("\"evaluation_time\" : [^,]+", ""));
        }
      }
    }
    return contents;
  }

  @Test
  void aKilledRunGoesOnAndEndsWithTheSameFiles() throws IOException {
    List<EvaluationTask> tasks = List.of(own(numbers("first")), own(numbers("second")));
    evaluation(encoder, ALL, "whole").run(tasks, EvaluationListener.NONE);

    WordVectorEncoder killed = new WordVectorEncoder(DIMENSIONS).failAfter(11);
    assertThrows(
        IllegalStateException.class,
        () -> evaluation(killed, ALL, "killed").run(tasks, EvaluationListener.NONE));
    WordVectorEncoder resumed = new WordVectorEncoder(DIMENSIONS);
    List<Boolean> fresh = new ArrayList<>();
    List<Integer> indexed = new ArrayList<>();
    evaluation(resumed, ALL, "killed")
        .run(
            tasks,
            new EvaluationListener() {
              @Override
              public void encoded(
                  EvaluationTask task, String what, int done, int total, boolean now) {
                fresh.add(now);
              }

              @Override
              public void indexed(EvaluationTask task, SearchMethod method, int done, int total) {
                indexed.add(done);
              }
            });
    assertEquals(100, indexed.get(indexed.size() - 1));
    assertEquals(11, fresh.stream().filter(now -> !now).count());
    assertTrue(resumed.encoded() < 110, "encoded again: " + resumed.encoded());
    assertEquals(files(folder.resolve("whole")), files(folder.resolve("killed")));
  }

  @Test
  void dropsTheQueryItselfWhereTheTaskSaysSo() throws IOException {
    Path data = folder.resolve("arguana");
    new CollectionFiles(data)
        .write(
            "corpus.jsonl",
            "{'_id':'a','text':'cats are better'}",
            "{'_id':'b','text':'cats are worse'}",
            "{'_id':'c','text':'something else'}")
        .write("queries.jsonl", "{'_id':'a','text':'cats are better'}")
        .write("qrels/test.tsv", "a\tb\t1");
    TaskDefinition arguAna = TaskRegistry.load().find("ArguAna").orElseThrow();
    EvaluationOptions options = all(List.of(new SearchMethod.Exact()));
    EvaluationTask task = new EvaluationTask(arguAna, data, "");
    assertEquals(1, mainScore(options, task));
    TaskDefinition all =
        new TaskDefinition(
            arguAna.name(),
            arguAna.type(),
            arguAna.dataset(),
            arguAna.revision(),
            arguAna.split(),
            arguAna.subset(),
            false,
            arguAna.folders(),
            arguAna.members());
    EvaluationTask keeping = new EvaluationTask(all, data, "");
    // Found at the second place: 1 / log2(3).
    assertEquals(0.63093, mainScore(options, keeping));
  }

  private double mainScore(EvaluationOptions options, EvaluationTask task) throws IOException {
    return evaluation(encoder, options, "out")
        .run(List.of(task), EvaluationListener.NONE)
        .tasks()
        .get(0)
        .methods()
        .get(0)
        .scores()
        .main();
  }

  @Test
  void averagesTheForumsOfCqaDupStack() throws IOException {
    List<EvaluationTask> forums = new ArrayList<>();
    double sum = 0;
    List<TaskDefinition> members = TaskRegistry.load().withData("CQADupstackRetrieval");
    for (int i = 0; i < members.size(); i++) {
      Path data = folder.resolve("forum" + i);
      CollectionFiles.sound(data).write("qrels/test.tsv", "q1\td" + (1 + i % 3) + "\t1");
      forums.add(new EvaluationTask(members.get(i), data, ""));
    }
    EvaluationOptions words = all(List.of(new SearchMethod.Bm25()));
    EvaluationOutcome outcome =
        MtebEvaluation.ofBm25(words, folder.resolve("out")).run(forums, EvaluationListener.NONE);
    for (TaskEvaluation forum : outcome.tasks()) {
      sum += forum.methods().get(0).scores().main();
    }
    assertNotEquals(0, sum);
    EvaluationOutcome.Aggregate mean = outcome.aggregates().get(0);
    assertEquals("CQADupstackRetrieval", mean.task());
    assertEquals(Map.of("bm25", sum / 12), mean.scores());
    assertEquals(sum / 12, outcome.mean("bm25").orElseThrow());
    TaskResult result =
        TaskResult.read(folder.resolve("out/results/local__bm25/lucene/CQADupstackRetrieval.json"));
    assertEquals(sum / 12, result.splits().get("test").get(0).main(), 1e-6);
  }

  @Test
  void correlatesCosinesOfPairsAndEncodesASentenceOnce() throws IOException {
    Path data = folder.resolve("pairs");
    new CollectionFiles(data)
        .write(
            "test.tsv",
            "sentence1\tsentence2\tscore",
            "a b c d\ta b c d\t5",
            "a b c d\ta b c e\t4",
            "a b c d\ta b f e\t2.5",
            "a b c d\ta g f e\t1",
            "a b c d\th g f e\t0");
    TaskDefinition sts = TaskRegistry.load().find("STSBenchmark").orElseThrow();
    EvaluationOutcome outcome =
        evaluation(encoder, ALL, "out")
            .run(List.of(new EvaluationTask(sts, data, "Similar:")), EvaluationListener.NONE);
    TaskEvaluation.MethodResult result = outcome.tasks().get(0).methods().get(0);
    assertEquals(1, result.scores().scores().get("cosine_spearman"), 1e-12);
    assertEquals(1, result.scores().scores().get("euclidean_spearman"), 1e-12);
    assertEquals("cosine_spearman", result.scores().mainScore());
    assertTrue(result.scores().scores().get("cosine_pearson") > 0.9);
    assertEquals(5, encoder.encoded());
    assertEquals(List.of(Prompt.query("Similar:")), encoder.prompts());
    assertTrue(Files.exists(folder.resolve("out/results/team__model/r1/STSBenchmark.json")));
  }

  @Test
  void tellsWhatIsWrongWithTheDataAndWritesItDown() throws IOException {
    Path data = numbers("numbers");
    new CollectionFiles(data).write("qrels/test.tsv", "q0\td0\t1", "q1\td3", "q2\tnone\t1");
    List<Finding> heard = new ArrayList<>();
    EvaluationListener listener =
        new EvaluationListener() {
          @Override
          public void finding(EvaluationTask task, Finding finding) {
            heard.add(finding);
          }
        };
    EvaluationOptions options = all(List.of(new SearchMethod.Bm25()));
    TaskEvaluation evaluation =
        MtebEvaluation.ofBm25(options, folder.resolve("out"))
            .run(List.of(own(data)), listener)
            .tasks()
            .get(0);
    List<String> written = Files.readAllLines(folder.resolve("out/findings/numbers.test.txt"));
    assertEquals(heard.stream().map(Finding::toString).toList(), written);
    // A short line, a document that does not exist, and eight queries without judgements.
    assertEquals(10, written.size());
    assertEquals(8, evaluation.findings().get(Finding.Kind.UNJUDGED_QUERY));
    MtebEvaluation strict =
        MtebEvaluation.ofBm25(
            options(List.of(new SearchMethod.Bm25()), false, true), folder.resolve("strict"));
    DatasetException failure =
        assertThrows(
            DatasetException.class, () -> strict.run(List.of(own(data)), EvaluationListener.NONE));
    assertTrue(failure.getMessage().contains("test.tsv:2"), failure.getMessage());
  }

  @Test
  void refusesVectorsWithoutAModel() {
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> MtebEvaluation.ofBm25(ALL, folder));
    assertTrue(failure.getMessage().contains("only bm25"), failure.getMessage());
    assertThrows(IllegalArgumentException.class, () -> all(List.of()));
  }

  @Test
  void comparesEveryMethodWithTheExactSearch() throws IOException {
    Path data = numbers("numbers");
    TaskEvaluation task =
        evaluation(encoder, ALL, "out")
            .run(List.of(own(data)), EvaluationListener.NONE)
            .tasks()
            .get(0);
    assertEquals(List.of(), task.methods().get(0).comparison());
    for (TaskEvaluation.MethodResult method : task.methods().subList(1, task.methods().size())) {
      TaskEvaluation.MethodResult.AgainstExact against = method.comparison().get(0);
      assertEquals(0, against.loss(), 1e-12);
      assertEquals(1, against.randomisationPValue());
      assertEquals(10, method.queries().get(0).values(RetrievalMeasure.NDCG_AT_10).length);
    }
  }

  @Test
  void findsTheTasksThatAreAskedFor() throws IOException {
    CollectionFiles.sound(folder.resolve("datasets/scifact"));
    TaskInstructions instructions =
        TaskInstructions.read(
            Files.writeString(
                folder.resolve("instructions.json"), "{\"SciFact\":\"Prove:\",\"mine\":\"Go:\"}"));
    List<EvaluationTask> tasks =
        EvaluationTask.known(List.of("scifact"), folder.resolve("datasets"), instructions);
    assertEquals("SciFact", tasks.get(0).definition().name());
    assertEquals("Prove:", tasks.get(0).instruction());
    assertThrows(
        DatasetException.class,
        () ->
            EvaluationTask.known(
                List.of("CQADupstackRetrieval"), folder.resolve("datasets"), instructions));

    EvaluationTask own =
        EvaluationTask.own(numbers("mine"), "test", instructions, RecordFormats.DEFAULTS);
    assertEquals(TaskDefinition.Type.RETRIEVAL, own.definition().type());
    assertEquals("Go:", own.instruction());
    new CollectionFiles(folder.resolve("pairs")).write("dev.tsv", "score");
    assertEquals(
        TaskDefinition.Type.STS,
        EvaluationTask.own(folder.resolve("pairs"), "dev", instructions, RecordFormats.DEFAULTS)
            .definition()
            .type());
  }

  private static EvaluationOptions all(List<SearchMethod> methods) {
    return new EvaluationOptions(
        methods,
        ALL.hits(),
        ALL.shardVectors(),
        ALL.graph(),
        ALL.efSearch(),
        ALL.words(),
        ALL.measureCosts(),
        ALL.strict(),
        ALL.formats());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.mteb.metrics.Hit;
import io.github.llm2vec.trainer.mteb.metrics.PairedTest;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalMeasure;
import io.github.llm2vec.trainer.mteb.metrics.RetrievalScores;
import io.github.llm2vec.trainer.mteb.task.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFilesTest {

  @TempDir Path folder;

  @Test
  void writesRunsInTrecsFormatAndReadsThemBack() throws IOException {
    Path file = folder.resolve("deep/er/run.gz");
    List<Hit> hits = List.of(new Hit("a", 0.1f), new Hit("b", 3e-9f), new Hit("c", 0.1f));
    try (RunFileWriter writer = new RunFileWriter(file, "my tag")) {
      writer.write("q 1", hits);
      writer.write("q2", List.of());
      writer.write("q3", List.of(new Hit("100%\u00a0sure", -1f), new Hit("50%", -2f)));
      assertTrue(Files.notExists(file), "an incomplete file must not have the name");
      writer.finish();
    }
    RunFile run = RunFile.read(file);
    assertEquals("my%20tag", run.tag());
    // Equal scores by id from last to first, as trec_eval ranks them.
    assertEquals(
        List.of(new Hit("c", 0.1f), new Hit("a", 0.1f), new Hit("b", 3e-9f)),
        run.hits().get("q%201"));
    assertEquals(List.of(new Hit("100%25%20sure", -1f), new Hit("50%", -2f)), run.hits().get("q3"));
    assertEquals(Set.of("q%201", "q3"), run.hits().keySet());
  }

  @Test
  void saysWhichLineOfARunIsMalformed() throws IOException {
    Path file = folder.resolve("run");
    for (String line : List.of("q1 Q0 d1 1 0.5", "q1 Q0 d1 1 half tag", "q1 Q0 d1 1 NaN tag")) {
      Files.writeString(file, "q1 Q0 d0 1 1.5 tag\n\n" + line + "\n");
      DatasetException failure = assertThrows(DatasetException.class, () -> RunFile.read(file));
      assertTrue(failure.getMessage().startsWith(file + ":3: "), failure.getMessage());
    }
  }

  private static TaskResult result(String task, double ndcg) {
    SubsetScores scores =
        new SubsetScores(
            "default",
            List.of("eng-Latn"),
            "ndcg_at_10",
            Map.of("ndcg_at_10", ndcg, "mrr_at_1", 2 / 3.0));
    return new TaskResult(task, "abc", Map.of("test", List.of(scores)), 1.5);
  }

  @Test
  void writesTheFieldsOfMtebAndReadsThemBack() throws IOException {
    Path file = folder.resolve("SciFact.json");
    result("SciFact", 0.12345).write(file);
    JsonNode root = new ObjectMapper().readTree(file.toFile());
    // The fields of MTEB's class MTEBResults (1.14) and of its scores.
    assertEquals("SciFact", root.get("task_name").asText());
    assertEquals("abc", root.get("dataset_revision").asText());
    assertTrue(root.get("mteb_version").asText().matches("1\\.14\\.\\d+\\+[a-z0-9.]+"));
    assertEquals(1.5, root.get("evaluation_time").asDouble());
    assertTrue(root.has("kg_co2_emissions"));
    JsonNode scores = root.get("scores").get("test").get(0);
    assertEquals(0.12345, scores.get("main_score").asDouble());
    assertEquals(0.666667, scores.get("mrr_at_1").asDouble());
    assertEquals("default", scores.get("hf_subset").asText());
    assertEquals("eng-Latn", scores.get("languages").get(0).asText());
    SubsetScores read = TaskResult.read(file).splits().get("test").get(0);
    assertEquals("ndcg_at_10", read.mainScore());
    assertEquals(0.12345, read.main());
  }

  @Test
  void readsWhatMtebAndItsLeaderboardHavePublished() throws IOException {
    Path file = folder.resolve("external.json");
    Files.writeString(
        file,
        "{\"dataset_revision\":\"None\",\"task_name\":\"SciFact\",\"evaluation_time\":NaN,"
            + "\"mteb_version\":null,\"scores\":{\"test\":[{\"hf_subset\":\"default\","
            + "\"languages\":[\"eng-Latn\"],\"map_at_1\":62.828,\"ndcg_at_10\":78.218,"
            + "\"main_score\":78.218}]}}");
    SubsetScores scores = TaskResult.read(file).splits().get("test").get(0);
    assertEquals(0.78218, scores.main(), 1e-12);
    assertEquals(0.62828, scores.scores().get("map_at_1"), 1e-12);
    Files.writeString(file, "{\"mteb_dataset_name\":\"SciFact\"}");
    DatasetException failure = assertThrows(DatasetException.class, () -> TaskResult.read(file));
    assertTrue(failure.getMessage().contains("no result file"), failure.getMessage());
  }

  @Test
  void roundsAsPythonDoes() {
    // round(0.123455, 5) and round(2.675, 2) of CPython; the doubles lie below the halves.
    assertEquals(0.12345, SubsetScores.round(0.123455, 5));
    assertEquals(2.67, SubsetScores.round(2.675, 2));
    assertEquals(0.5, SubsetScores.round(0.5, 5));
    assertEquals(0.12, SubsetScores.round(0.125, 2));
    assertEquals(Double.NaN, SubsetScores.round(Double.NaN, 5));
  }

  @Test
  void comparesResultsOfTheSameTask() {
    ResultComparison comparison =
        ResultComparison.of(result("SciFact", 0.5), result("SciFact", 0.75));
    ResultComparison.Row row =
        comparison.rows().stream()
            .filter(candidate -> candidate.score().equals("ndcg_at_10"))
            .findFirst()
            .orElseThrow();
    assertEquals(0.25, row.difference());
    assertThrows(
        IllegalArgumentException.class,
        () -> ResultComparison.of(result("SciFact", 1), result("NQ", 1)));
  }

  @Test
  void keepsTheValuesOfEveryQueryAndComparesOnCommonOnes() throws IOException {
    RetrievalScores first = new RetrievalScores(RetrievalMeasure.mteb(), Set.of("q1", "q2", "q3"));
    RetrievalScores second = new RetrievalScores(RetrievalMeasure.mteb(), Set.of("q1", "q2", "q3"));
    int count = RetrievalMeasure.mteb().size();
    for (int i = 1; i <= 3; i++) {
      double[] values = new double[count];
      Arrays.fill(values, 1.0 / (3 * i));
      first.add("q" + i, values);
      if (i < 3) {
        second.add("q" + i, new double[count]);
      }
    }
    Path file = folder.resolve("first.tsv");
    QueryScoresFile.write(file, first);
    RetrievalScores read = QueryScoresFile.read(file);
    assertEquals(List.copyOf(first.queries()), List.copyOf(read.queries()));
    assertEquals(1 / 9.0, read.value("q3", RetrievalMeasure.NDCG_AT_10));
    PairedTest test = ResultComparison.tTest(read, second, RetrievalMeasure.NDCG_AT_10);
    assertEquals(2, test.queries());
    assertEquals(-0.25, test.meanDifference(), 1e-12);
    Files.writeString(file, "query-id\tnovelty\nq1\t1\n");
    assertThrows(DatasetException.class, () -> QueryScoresFile.read(file));
  }

  @Test
  void namesFoldersAsMtebDoes() throws IOException {
    ModelMeta meta = new ModelMeta("McGill-NLP/LLM2Vec", "abc", 4096, true);
    assertEquals(folder.resolve("McGill-NLP__LLM2Vec/abc"), meta.folder(folder));
    ModelMeta local = new ModelMeta("my model", "1", 8, true);
    assertEquals(folder.resolve("local__my_model/1"), local.folder(folder));
    local.write(folder);
    // MTEB: a name must be in the format 'organization/model_name'.
    assertTrue(
        Files.readString(local.folder(folder).resolve("model_meta.json"))
            .contains("\"name\" : \"local/my model\""));
    assertEquals(Optional.of("my model"), ModelMeta.nameIn(local.folder(folder)));
    assertThrows(IllegalArgumentException.class, () -> new ModelMeta("../other", "abc", 1, true));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskRegistryTest {

  private final TaskRegistry registry = TaskRegistry.load();

  @TempDir Path folder;

  @Test
  void knowsTheFifteenRetrievalTasks() {
    // The data sets in the table of the LLM2Vec paper, by MTEB's names.
    assertEquals(
        Set.of(
            "ArguAna",
            "ClimateFEVER",
            "CQADupstackRetrieval",
            "DBPedia",
            "FEVER",
            "FiQA2018",
            "HotpotQA",
            "MSMARCO",
            "NFCorpus",
            "NQ",
            "QuoraRetrieval",
            "SCIDOCS",
            "SciFact",
            "Touche2020",
            "TRECCOVID"),
        registry.retrieval().stream().map(TaskDefinition::name).collect(Collectors.toSet()));
    assertEquals(15, registry.retrieval().size());
    assertEquals(
        10, registry.all().stream().filter(task -> task.type() == TaskDefinition.Type.STS).count());
  }

  @Test
  void evaluatesMsMarcoOnDevAndDropsArguAnasOwnQueries() {
    assertEquals("dev", registry.find("msmarco").orElseThrow().split());
    assertTrue(registry.find("ArguAna").orElseThrow().ignoreIdenticalIds());
    assertEquals("en-en", registry.find("STS17").orElseThrow().subset());
  }

  @Test
  void takesAMeanApartIntoItsMembers() {
    List<TaskDefinition> forums = registry.withData("CQADupstackRetrieval");
    assertEquals(12, forums.size());
    assertTrue(forums.stream().noneMatch(TaskDefinition::isAggregate));
    assertEquals(List.of("SciFact"), names(registry.withData("scifact")));
  }

  private static List<String> names(List<TaskDefinition> tasks) {
    return tasks.stream().map(TaskDefinition::name).toList();
  }

  @Test
  void findsDataUnderTheNamesOfMtebAndBeir() throws IOException {
    Files.createDirectories(folder.resolve("scifact"));
    Files.createDirectories(folder.resolve("FIQA"));
    Files.createDirectories(folder.resolve("cqadupstack/gis"));
    TaskDefinition sciFact = registry.find("SciFact").orElseThrow();
    assertEquals(folder.resolve("scifact"), TaskRegistry.locate(folder, sciFact));
    assertEquals(
        folder.resolve("scifact"), TaskRegistry.locate(folder.resolve("scifact"), sciFact));
    assertEquals(
        folder.resolve("FIQA"),
        TaskRegistry.locate(folder, registry.find("FiQA2018").orElseThrow()));
    assertEquals(
        folder.resolve("cqadupstack/gis"),
        TaskRegistry.locate(folder, registry.find("CQADupstackGisRetrieval").orElseThrow()));
    DatasetException failure =
        assertThrows(
            DatasetException.class,
            () -> TaskRegistry.locate(folder, registry.find("NQ").orElseThrow()));
    assertTrue(failure.getMessage().contains("mteb/nq"), failure.getMessage());
  }

  @Test
  void saysWhichTasksThereAre() {
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> registry.withData("SciFacts"));
    assertTrue(failure.getMessage().contains("SciFact,"), failure.getMessage());
  }

  @Test
  void readsInstructionsAndFallsBackToMtebs() throws IOException {
    Path file = folder.resolve("instructions.json");
    Files.writeString(file, "{\"SciFact\": \"Find proof:\"}");
    TaskInstructions instructions = TaskInstructions.read(file);
    assertEquals("Find proof:", instructions.of(registry.find("SciFact").orElseThrow()));
    assertEquals(
        "Retrieve text based on user query:",
        instructions.of(TaskDefinition.own("mine", TaskDefinition.Type.RETRIEVAL, "test")));
    assertEquals(
        "Retrieve semantically similar text:",
        TaskInstructions.NONE.of(registry.find("STS12").orElseThrow()));
    Files.writeString(file, "{\"SciFact\": 3}");
    assertThrows(DatasetException.class, () -> TaskInstructions.read(file));
    Files.writeString(file, "[");
    assertThrows(DatasetException.class, () -> TaskInstructions.read(file));
  }

  @Test
  void upstreamsInstructionsCoverEveryTask() throws IOException {
    Path shipped = Path.of("..", "test_configs", "mteb", "task_to_instructions.json");
    assumeTrue(Files.exists(shipped), "the configurations are not in this checkout");
    TaskInstructions instructions = TaskInstructions.read(shipped);
    JsonNode known = new ObjectMapper().readTree(shipped.toFile());
    for (TaskDefinition task : registry.all()) {
      assertTrue(task.isAggregate() || known.has(task.name()), task.name());
      assertTrue(
          task.isAggregate() || instructions.of(task).equals(known.path(task.name()).asText()),
          task.name());
    }
  }
}

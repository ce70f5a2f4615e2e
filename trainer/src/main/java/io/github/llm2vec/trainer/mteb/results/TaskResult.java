/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.mteb.task.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The result of a task in the format of MTEB's result files (its class {@code MTEBResults}, later
 * {@code TaskResult}), which its leaderboard and its tables read.
 *
 * <p>Written values are rounded to six digits, as MTEB writes them. Read values above 1, which old
 * and external files have in percent, are divided by 100.
 *
 * @param task MTEB's name of the task
 * @param datasetRevision revision of the data
 * @param splits scores by split
 * @param seconds how long the evaluation took; 0 if that is not known
 */
public record TaskResult(
    String task, String datasetRevision, Map<String, List<SubsetScores>> splits, double seconds) {

  /**
   * The version of MTEB whose rules are followed, with a mark that the numbers are not its own. In
   * this form MTEB can still compare it with other versions.
   */
  private static final String MTEB_VERSION = "1.14.26+llm2vec.java";

  private static final Set<String> NOT_SCORES =
      Set.of("main_score", "hf_subset", "languages", "mteb_version");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /** Copies. */
  public TaskResult {
    splits = Map.copyOf(splits);
  }

  /** Writes the result, under its name only once it is complete. */
  public void write(Path file) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("dataset_revision", datasetRevision);
    root.put("task_name", task);
    root.put("mteb_version", MTEB_VERSION);
    ObjectNode scores = root.putObject("scores");
    new TreeMap<>(splits)
        .forEach(
            (split, subsets) -> {
              var list = scores.putArray(split);
              subsets.forEach(subset -> put(list.addObject(), subset));
            });
    root.put("evaluation_time", seconds);
    root.putNull("kg_co2_emissions");
    AtomicFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }

  private static void put(ObjectNode node, SubsetScores subset) {
    subset.scores().forEach((name, value) -> put(node, name, value));
    put(node, "main_score", subset.main());
    node.put("hf_subset", subset.subset());
    subset.languages().forEach(node.putArray("languages")::add);
  }

  /** A correlation with a constant is not a number, for which JSON has no word but null. */
  private static void put(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, SubsetScores.round(value, SubsetScores.FILE_DIGITS));
    } else {
      node.putNull(name);
    }
  }

  /**
   * Reads a result file, also one that MTEB wrote.
   *
   * @throws DatasetException if it is not one
   */
  public static TaskResult read(Path file) throws IOException {
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new DatasetException(file + " is not valid JSON: " + e.getOriginalMessage());
    }
    if (root == null || !root.path("task_name").isTextual() || !root.path("scores").isObject()) {
      throw new DatasetException(
          file + " is no result file of MTEB 1.11 or later: it has no task_name or no scores");
    }
    Map<String, List<SubsetScores>> splits = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> split : root.get("scores").properties()) {
      List<SubsetScores> subsets = new ArrayList<>();
      for (JsonNode subset : split.getValue()) {
        subsets.add(subset(file, subset));
      }
      splits.put(split.getKey(), subsets);
    }
    return new TaskResult(
        root.get("task_name").asText(),
        root.path("dataset_revision").asText(""),
        splits,
        root.path("evaluation_time").asDouble(0));
  }

  private static SubsetScores subset(Path file, JsonNode node) throws DatasetException {
    JsonNode main = node.path("main_score");
    if (!main.isNumber() || !node.path("hf_subset").isTextual()) {
      throw new DatasetException(
          file + " is no result file of MTEB: a subset has no main_score or no hf_subset");
    }
    double scale = Math.abs(main.asDouble()) > 1 ? 0.01 : 1;
    Map<String, Double> scores = new LinkedHashMap<>();
    String mainName = "main_score";
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getValue().isNumber() && !NOT_SCORES.contains(entry.getKey())) {
        scores.put(entry.getKey(), entry.getValue().asDouble() * scale);
        boolean isMain = entry.getValue().asDouble() == main.asDouble();
        mainName = isMain && isMainScore(entry.getKey()) ? entry.getKey() : mainName;
      }
    }
    if (mainName.equals("main_score")) {
      scores.put(mainName, main.asDouble() * scale);
    }
    List<String> languages = new ArrayList<>();
    node.path("languages").forEach(language -> languages.add(language.asText()));
    return new SubsetScores(node.get("hf_subset").asText(), languages, mainName, scores);
  }

  /** MTEB does not write which score is the main one, but it is one of few. */
  private static boolean isMainScore(String name) {
    return Set.of("ndcg_at_10", "cosine_spearman", "map", "accuracy", "v_measure").contains(name);
  }
}

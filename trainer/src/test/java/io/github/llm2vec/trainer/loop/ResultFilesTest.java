/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands beside a result: card, folder for sentence-transformers, the best checkpoint. */
class ResultFilesTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path MODEL = Fixtures.CHECKPOINTS.resolve("stories260K");

  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();
  private final List<String> queries = new ArrayList<>();
  private final List<String> documents = new ArrayList<>();

  /** Each query has one relevant document: two halves of a line. */
  @BeforeEach
  void writeRetrievalSet() throws IOException {
    List<String> corpus = new ArrayList<>();
    List<String> asked = new ArrayList<>();
    List<String> grades = new ArrayList<>(List.of("query-id\tcorpus-id\tscore"));
    List<String> pairs = new ArrayList<>();
    for (String line : Files.readAllLines(Fixtures.DATA.resolve("simcse.txt"))) {
      String[] words = line.strip().split(" ");
      if (words.length < 6) {
        continue;
      }
      String query = String.join(" ", List.of(words).subList(0, words.length / 2));
      String document = String.join(" ", List.of(words).subList(words.length / 2, words.length));
      int number = queries.size();
      queries.add(query);
      documents.add(document);
      asked.add(JSON.writeValueAsString(Map.of("_id", "q" + number, "text", query)));
      corpus.add(
          JSON.writeValueAsString(Map.of("_id", "d" + number, "title", "", "text", document)));
      grades.add("q" + number + "\td" + number + "\t1");
      pairs.add(JSON.writeValueAsString(Map.of("query", query, "positive", document)));
    }
    Path set = Files.createDirectories(folder.resolve("set/qrels"));
    Files.write(set.resolveSibling("corpus.jsonl"), corpus);
    Files.write(set.resolveSibling("queries.jsonl"), asked);
    Files.write(set.resolve("test.tsv"), grades);
    Files.write(folder.resolve("pairs.jsonl"), pairs);
  }

  private Path supervised(String name, Object... keysAndValues) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("do_train", true).put("report_to", "none").put("experiment_id", "run");
    json.put("output_dir", folder.resolve(name).toString());
    json.put("model_name_or_path", MODEL.toString()).put("bidirectional", true);
    json.put("dataset_name", "jsonl").put("query_instruction", "Find:");
    json.put("dataset_file_path", folder.resolve("pairs.jsonl").toString());
    json.put("max_seq_length", 32).put("per_device_train_batch_size", 8);
    json.put("learning_rate", 3e-3).put("max_steps", 12).put("logging_steps", 100);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      json.putPOJO((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    Path config = folder.resolve(name + ".json");
    JSON.writeValue(config.toFile(), json);
    TrainerCallback noting =
        new TrainerCallback() {
          @Override
          public void note(String text) {
            notes.add(text);
          }
        };
    return new TrainingRuns(Fixtures.environment(noting))
        .supervised(ConfigFiles.SUPERVISED.read(config, List.of()))
        .folder();
  }

  /** nDCG@10 with one relevant document is the discount of its rank. */
  private double ndcg(Path model, Prompt prompt) throws IOException {
    try (Llm2Vec encoder = Llm2Vec.open(model)) {
      float[][] searched = encoder.encode(documents, Prompt.document());
      double sum = 0;
      for (int i = 0; i < queries.size(); i++) {
        float[] query = encoder.encodeOne(queries.get(i), prompt);
        double own = cosine(query, searched[i]);
        int rank = 1;
        for (int j = 0; j < searched.length; j++) {
          rank += j != i && cosine(query, searched[j]) > own ? 1 : 0;
        }
        sum += rank <= 10 ? Math.log(2) / Math.log(rank + 1) : 0;
      }
      return sum / queries.size();
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      left += (double) a[i] * a[i];
      right += (double) b[i] * b[i];
    }
    return product / Math.sqrt(left * right);
  }

  @Test
  void theBestCheckpointByARetrievalSetIsTheResult() throws IOException {
    Path output =
        supervised(
            "best",
            "eval_retrieval",
            folder.resolve("set").toString(),
            "eval_strategy",
            "steps",
            "eval_steps",
            3,
            "save_steps",
            3,
            "save_total_limit",
            1,
            "load_best_model_at_end",
            true);
    List<Double> found = new ArrayList<>();
    for (MetricRecord metric : MetricsFile.read(output.resolve("metrics.jsonl"))) {
      if (metric.values().containsKey("eval_ndcg_at_10")) {
        found.add(metric.values().get("eval_ndcg_at_10"));
      }
    }
    double best = Collections.max(found);
    assertEquals(best, found.get(found.size() - 1), 1e-9);
    // As training joins instruction and query.
    assertEquals(best, ndcg(output, Prompt.query("Find:;")), 1e-3);
    ObjectNode state = (ObjectNode) JSON.readTree(output.resolve("trainer_state.json").toFile());
    assertEquals(best, state.path("best_metric").asDouble(), 1e-9);
    Path checkpoint = Path.of(state.path("best_model_checkpoint").asText());
    assertArrayEquals(
        Files.readAllBytes(checkpoint.resolve("adapter_model.safetensors")),
        Files.readAllBytes(output.resolve("adapter_model.safetensors")));
    assertTrue(Files.readString(output.resolve("README.md")).contains("`eval_ndcg_at_10` | 0."));
  }

  @Test
  void aStudentIsEvaluatedOnARetrievalSetToo() throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("do_train", true).put("report_to", "none").put("do_eval", true);
    json.put("output_dir", folder.resolve("student").toString());
    json.put("model_name_or_path", Fixtures.LLAMA.toString());
    json.put("teacher_model_name_or_path", MODEL.toString()).put("query_prompt", "q: ");
    json.put("train_file", Fixtures.DATA.resolve("simcse.txt").toString());
    json.put("eval_retrieval", folder.resolve("set").toString());
    json.put("max_seq_length", 32).put("max_steps", 3);
    Path config = folder.resolve("student.json");
    JSON.writeValue(config.toFile(), json);
    Path output =
        new TrainingRuns(Fixtures.environment())
            .distill(ConfigFiles.DISTILL.read(config, List.of()))
            .folder();
    ObjectNode figures = (ObjectNode) JSON.readTree(output.resolve("all_results.json").toFile());
    assertEquals(ndcg(output, Prompt.query()), figures.path("eval_ndcg_at_10").asDouble(), 1e-3);
    assertTrue(figures.has("eval_loss"));
    String card = Files.readString(output.resolve("README.md"));
    assertTrue(card.contains("vectors of a teacher (distillation): " + MODEL), card);
    assertTrue(card.contains("SentenceTransformer(\"student\")"), card);
  }

  @Test
  void aRetrievalSetIsNeededToEvaluate() throws IOException {
    IOException failure =
        assertThrows(TrainingException.class, () -> supervised("none", "eval_strategy", "steps"));
    assertTrue(failure.getMessage().contains("eval_retrieval"), failure.getMessage());
    String set = folder.resolve("set").toString();
    failure =
        assertThrows(TrainingException.class, () -> supervised("idle", "eval_retrieval", set));
    assertTrue(failure.getMessage().contains("nothing is evaluated"), failure.getMessage());
    failure =
        assertThrows(
            IOException.class,
            () ->
                supervised(
                    "split",
                    "eval_retrieval",
                    set,
                    "do_eval",
                    true,
                    "eval_retrieval_split",
                    "dev"));
    assertTrue(failure.getMessage().contains("'dev'"), failure.getMessage());
  }

  @Test
  void theFolderForSentenceTransformersOpensAndTheCardIsLeftAlone() throws IOException {
    Path output = supervised("whole", "full_finetuning", true, "torch_dtype", "bfloat16");
    Path inside = output.resolve("sentence-transformers");
    for (String file : List.of("modules.json", "1_Pooling/config.json", "model.safetensors")) {
      assertTrue(Files.exists(inside.resolve(file)), file);
    }
    assertTrue(Files.readString(inside.resolve("config.json")).contains("\"is_causal\" : false"));
    assertFalse(Files.readString(output.resolve("config.json")).contains("is_causal"));
    assertArrayEquals(
        Files.readAllBytes(output.resolve("model.safetensors")),
        Files.readAllBytes(inside.resolve("model.safetensors")));
    try (Llm2Vec encoder = Llm2Vec.open(inside)) {
      assertFalse(encoder.decoder().spec().causal());
      // Its prompt stands before queries and is not pooled.
      float[] query = encoder.encodeOne("a dog", Prompt.query());
      float[] document = encoder.encodeOne("a dog", Prompt.document());
      assertTrue(cosine(query, document) < 0.99999, "cosine " + cosine(query, document));
    }
    String card = Files.readString(output.resolve("README.md"));
    assertTrue(card.startsWith("---\n# Name the licence"), card);
    assertTrue(card.contains("\nlicense:\nbase_model: \"" + MODEL), card);
    assertTrue(card.contains("| data | pairs.jsonl |"), card);
    assertTrue(card.contains("\"learning_rate\" : 0.003"), card);
    assertTrue(card.contains("SentenceTransformer(\"run/sentence-transformers\")"), card);
    Files.writeString(output.resolve("README.md"), "My own words.");
    supervised("whole", "full_finetuning", true, "overwrite_output_dir", true);
    assertEquals("My own words.", Files.readString(output.resolve("README.md")));
  }

  @Test
  void whatSentenceTransformersCannotSayHasNoFolder() throws IOException {
    Path chat = supervised("chat", "model_name_or_path", Fixtures.LLAMA.toString(), "max_steps", 1);
    assertFalse(Files.exists(chat.resolve("sentence-transformers")));
    assertTrue(notes.toString().contains("no chat templates"), notes.toString());
    Path end = supervised("end", "pooling_mode", "eos_token", "max_steps", 1);
    assertFalse(Files.exists(end.resolve("sentence-transformers")));
    assertTrue(Files.exists(end.resolve("README.md")));
    Path both = supervised("both", "max_steps", 1);
    assertFalse(Files.exists(both.resolve("sentence-transformers")));
    assertTrue(notes.toString().contains("attention from its base"), notes.toString());
    Path adapter = supervised("adapter", "max_steps", 1, "bidirectional", false);
    try (Llm2Vec encoder = Llm2Vec.open(adapter.resolve("sentence-transformers"))) {
      assertTrue(encoder.decoder().spec().causal());
    }
  }
}

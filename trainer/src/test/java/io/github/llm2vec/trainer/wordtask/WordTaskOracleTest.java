/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadFiles;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.WordTaskConfig;
import io.github.llm2vec.trainer.config.WordTestConfig;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.wordtask.WordTaskTraining.WordTaskListener;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Heads that are trained as PyTorch trains them (src/test/python/make_word_head.py). */
class WordTaskOracleTest {

  private static final Path CHECKPOINT =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints", "llama3-gqa");
  private static final double TOLERANCE = 1e-4;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** The 15 sentences in CoNLL-2003's columns; parts of speech and phrases are not looked at. */
  @BeforeEach
  void writeDataset() throws IOException {
    StringBuilder lines = new StringBuilder("-DOCSTART- -X- -X- O\n\n");
    for (JsonNode sentence :
        resource("/io/github/llm2vec/trainer/dataloader/collation.json").get("sentences")) {
      for (int i = 0; i < sentence.get("words").size(); i++) {
        lines
            .append(sentence.get("words").get(i).asText())
            .append(" NN O ")
            .append(sentence.get("tags").get(i).asText())
            .append('\n');
      }
      lines.append('\n');
    }
    Path dataset = Files.createDirectories(folder.resolve("datasets/conll2003"));
    Files.writeString(dataset.resolve("train.txt"), lines);
    Files.writeString(dataset.resolve("test.txt"), lines);
  }

  private static JsonNode resource(String name) throws IOException {
    try (InputStream in = WordTaskOracleTest.class.getResourceAsStream(name)) {
      return JSON.readTree(in);
    }
  }

  private ResolvedConfig<WordTaskConfig> config(JsonNode oracle, Path output, double dropout)
      throws IOException {
    ObjectNode values = JSON.createObjectNode();
    values.put("model_name_or_path", CHECKPOINT.toString());
    values.put("dataset_name", "conll2003");
    values.put("dataset_dir", folder.resolve("datasets").toString());
    values.put("task", "ner_tags");
    for (String key : List.of("retroactive_labels", "merge_subwords", "bidirectional", "seed")) {
      values.set(key, oracle.get(key));
    }
    for (String key : List.of("learning_rate", "weight_decay", "warmup_steps", "max_grad_norm")) {
      values.set(key, oracle.get(key));
    }
    values.set("per_device_train_batch_size", oracle.get("batch_size"));
    values.set("gradient_accumulation_steps", oracle.get("accumulation"));
    values.put("classifier_dropout", dropout);
    values.put("output_dir", output.toString());
    values.put("do_train", true);
    values.put("max_steps", 20);
    values.put("logging_steps", 1);
    values.put("validation_split_percentage", 0);
    Path file = folder.resolve("train.json");
    Files.writeString(file, JSON.writeValueAsString(values));
    return ConfigFiles.WORD_TASK.read(file, List.of());
  }

  private static WordModel open(WordTaskConfig config) throws IOException {
    return WordModel.open(
        config.model(),
        OptionalInt.empty(),
        new WordModel.Opening(
            ResolverOptions.local(HubEnvironment.of(Map.of(), Path.of("."))),
            TorchDevice.CPU,
            LoadListener.NONE));
  }

  private DatasetFolders datasets() {
    return new DatasetFolders(Optional.of(folder.resolve("datasets")), folder);
  }

  private static JsonNode cases() throws IOException {
    return resource("/io/github/llm2vec/trainer/wordtask/word-head.json").get("cases");
  }

  @Test
  void losesAndLearnsWhatPyTorchDoes() throws IOException {
    int number = 0;
    for (JsonNode oracle : cases()) {
      Path output = folder.resolve("output-" + number++);
      ResolvedConfig<WordTaskConfig> config = config(oracle, output, 0);
      List<Double> losses = new ArrayList<>();
      try (WordModel model = open(config.config())) {
        WordTaskListener listener =
            new WordTaskListener() {
              @Override
              public void logged(MetricRecord metric) {
                if (metric.values().containsKey("loss")) {
                  losses.add(metric.values().get("loss"));
                }
              }
            };
        assertTrue(new WordTaskTraining(config, model, datasets(), listener).run().finished());
        assertEquals(20, losses.size());
        for (int i = 0; i < 20; i++) {
          assertEquals(
              oracle.get("losses").get(i).asDouble(), losses.get(i), TOLERANCE, "loss " + i);
        }
        assertHead(oracle, WordHeadFiles.read(output));
        assertTest(oracle, model, output);
      }
    }
  }

  private static void assertHead(JsonNode oracle, WordHead head) {
    int labels = head.config().labels().size();
    int hidden = head.config().hiddenSize();
    float[] weight = head.weight();
    for (int label = 0; label < labels; label++) {
      assertEquals(oracle.get("bias").get(label).asDouble(), head.bias()[label], TOLERANCE);
      for (int h = 0; h < hidden; h++) {
        double expected = oracle.get("weight").get(label * hidden + h).asDouble();
        assertEquals(expected, weight[h * labels + label], 10 * TOLERANCE, label + ", " + h);
      }
    }
  }

  private void assertTest(JsonNode oracle, WordModel model, Path head) throws IOException {
    ObjectNode values = JSON.createObjectNode();
    values.put("model_name_or_path", CHECKPOINT.toString());
    values.put("cls_addr", head.toString());
    values.put("output_dir", folder.resolve("tested").toString());
    values.put("dataset_name", "conll2003");
    values.put("dataset_dir", folder.resolve("datasets").toString());
    values.put("task", "ner_tags");
    for (String key : List.of("retroactive_labels", "merge_subwords", "bidirectional")) {
      values.set(key, oracle.get(key));
    }
    Path file = folder.resolve("test.json");
    Files.writeString(file, JSON.writeValueAsString(values));
    WordTestConfig config = ConfigFiles.WORD_TEST.read(file, List.of()).config();
    WordScores scores = new WordTaskTesting(config, model, datasets(), WordTaskListener.NONE).run();
    assertEquals(oracle.get("words").asLong(), scores.words());
    assertEquals(oracle.get("eval_loss").asDouble(), scores.loss(), TOLERANCE);
    assertEquals(oracle.get("accuracy").asDouble(), scores.accuracy(), 1e-6);
    JsonNode summary = JSON.readTree(folder.resolve("tested/result_summary.json").toFile());
    assertEquals(scores.accuracy(), summary.get("precision").asDouble());

    WordTestConfig other =
        ConfigFiles.WORD_TEST
            .read(file, List.of("--merge_subwords=" + !oracle.get("merge_subwords").asBoolean()))
            .config();
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> new WordTaskTesting(other, model, datasets(), WordTaskListener.NONE).run())
            .getMessage()
            .contains("was trained with merge_subwords"));
  }

  @Test
  void goesOnAfterAStopAsIfThereHadBeenNone() throws IOException {
    JsonNode oracle = cases().get(1);
    Path whole = folder.resolve("whole");
    Path output = folder.resolve("stopped");
    ResolvedConfig<WordTaskConfig> config = config(oracle, whole, 0.3);
    try (WordModel model = open(config.config())) {
      new WordTaskTraining(config, model, datasets(), WordTaskListener.NONE).run();
      ResolvedConfig<WordTaskConfig> again = config(oracle, output, 0.3);
      WordTaskTraining.Outcome stopped =
          new WordTaskTraining(again, model, datasets(), stoppingAfter(7)).run();
      assertFalse(stopped.finished());
      assertEquals(7, stopped.updates());
      assertFalse(Files.exists(output.resolve("classifier.safetensors")));
      // What a kill leaves of the states: half a row.
      Path states = output.resolve("states/training.f32");
      byte[] bytes = Files.readAllBytes(states);
      Files.write(states, Arrays.copyOf(bytes, bytes.length / 2 + 3));
      assertEquals(
          20,
          new WordTaskTraining(again, model, datasets(), WordTaskListener.NONE).run().updates());
      assertArrayEquals(bytes, Files.readAllBytes(states));
    }
    for (String name : List.of("classifier.safetensors", "classifier_config.json")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(output.resolve(name)), name);
    }
  }

  private static WordTaskListener stoppingAfter(long updates) {
    return new WordTaskListener() {
      private boolean stop;

      @Override
      public void updated(Step step) {
        stop = step.step() == updates;
      }

      @Override
      public boolean stopRequested() {
        return stop;
      }
    };
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.optim.LearningRateSchedule.ScheduleType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The files in train_configs and test_configs, against what upstream's files say. */
class ShippedConfigsTest {

  private static final Path ROOT = Path.of("..");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static JsonNode json(String file) throws IOException {
    return JSON.readTree(ROOT.resolve(file).toFile());
  }

  private static void assertSays(String expected, String file) throws IOException {
    Map<String, JsonNode> wanted = new LinkedHashMap<>();
    JSON.readTree("{" + expected + "}")
        .fields()
        .forEachRemaining(e -> wanted.put(e.getKey(), e.getValue()));
    Map<String, JsonNode> found = new LinkedHashMap<>();
    json(file).fields().forEachRemaining(e -> found.put(e.getKey(), e.getValue()));
    assertEquals(wanted, found, file);
  }

  private static List<String> names(String folder) throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Llama2, meta-llama/Llama-2-7b-chat-hf, default, 0.2",
    "MetaLlama3, meta-llama/Meta-Llama-3-8B-Instruct, default, 0.2",
    "MetaLlama3.1, meta-llama/Meta-Llama-3.1-8B-Instruct, default, 0.2",
    "Mistral, mistralai/Mistral-7B-Instruct-v0.2, all_mask, 0.8",
    "Sheared-Llama, princeton-nlp/Sheared-LLaMA-1.3B, default, 0.2",
  })
  void mntpFilesSayWhatUpstreamSays(String name, String model, String collator, String share)
      throws IOException {
    String text =
        """
        "model_name_or_path": "%s", "data_collator_type": "%s", "mlm_probability": %s,
        "output_dir": "output/mntp/%s", "dataset_name": "wikitext",
        "dataset_config_name": "wikitext-103-raw-v1", "per_device_train_batch_size": 32,
        "per_device_eval_batch_size": 32, "gradient_accumulation_steps": 1, "do_train": true,
        "do_eval": true, "max_seq_length": 512, "mask_token_type": "blank",
        "overwrite_output_dir": true, "evaluation_strategy": "steps", "eval_steps": 100,
        "save_steps": 200, "stop_after_n_steps": 1000, "lora_r": 16,
        "gradient_checkpointing": true, "torch_dtype": "bfloat16",
        "attn_implementation": "flash_attention_2"
        """;
    String last = model.substring(model.indexOf('/') + 1);
    assertSays(
        text.formatted(model, collator, share, last), "train_configs/mntp/" + name + ".json");
  }

  @ParameterizedTest
  @CsvSource({
    "Llama2, meta-llama/Llama-2-7b-chat-hf, LLM2Vec-Llama-2-7b-chat-hf-mntp",
    "MetaLlama3, meta-llama/Meta-Llama-3-8B-Instruct, LLM2Vec-Meta-Llama-3-8B-Instruct-mntp",
    "Mistral, mistralai/Mistral-7B-Instruct-v0.2, LLM2Vec-Mistral-7B-Instruct-v2-mntp",
    "Sheared-Llama, princeton-nlp/Sheared-LLaMA-1.3B, LLM2Vec-Sheared-LLaMA-mntp",
  })
  void simcseFilesSayWhatUpstreamSays(String name, String model, String adapter)
      throws IOException {
    String text =
        """
        "model_name_or_path": "%s", "peft_model_name_or_path": "McGill-NLP/%s",
        "output_dir": "output/mntp-simcse/%s", "simcse_dropout": 0.3, "bidirectional": true,
        "pooling_mode": "mean", "dataset_name": "Wiki1M",
        "dataset_file_path": "cache/wiki1m_for_simcse.txt", "remove_unused_columns": false,
        "learning_rate": 0.00003, "loss_scale": 20, "per_device_train_batch_size": 128,
        "gradient_accumulation_steps": 1, "do_train": true, "disable_tqdm": false,
        "max_seq_length": 128, "overwrite_output_dir": true, "logging_steps": 50,
        "save_steps": 200, "save_only_model": true, "stop_after_n_steps": 1000, "lora_r": 16,
        "gradient_checkpointing": true, "torch_dtype": "bfloat16",
        "attn_implementation": "flash_attention_2", "seed": 42
        """;
    String last = model.substring(model.indexOf('/') + 1);
    assertSays(text.formatted(model, adapter, last), "train_configs/simcse/" + name + ".json");
  }

  @ParameterizedTest
  @CsvSource({
    "Llama2, meta-llama/Llama-2-7b-chat-hf, McGill-NLP/LLM2Vec-Llama-2-7b-chat-hf-mntp",
    "MetaLlama3, meta-llama/Meta-Llama-3-8B-Instruct,"
        + " McGill-NLP/LLM2Vec-Meta-Llama-3-8B-Instruct-mntp",
    "MetaLlama3.1, meta-llama/Meta-Llama-3.1-8B-Instruct,"
        + " /home/toolkit/llm2vec/output/mntp/Meta-Llama-3.1-8B-Instruct/checkpoint-1000",
    "Mistral, mistralai/Mistral-7B-Instruct-v0.2, McGill-NLP/LLM2Vec-Mistral-7B-Instruct-v2-mntp",
    "Sheared-Llama, princeton-nlp/Sheared-LLaMA-1.3B, McGill-NLP/LLM2Vec-Sheared-LLaMA-mntp",
  })
  void supervisedFilesSayWhatUpstreamSays(String name, String model, String adapter)
      throws IOException {
    String text =
        """
        "model_name_or_path": "%s", "peft_model_name_or_path": "%s",
        "output_dir": "output/mntp-supervised/%s", "bidirectional": true, "pooling_mode": "mean",
        "dataset_name": "E5", "dataset_file_path": "cache/echo-data",
        "remove_unused_columns": false, "learning_rate": 0.0002, "num_train_epochs": 3,
        "warmup_steps": 300, "per_device_train_batch_size": 64, "per_device_eval_batch_size": 64,
        "gradient_accumulation_steps": 1, "do_train": true, "disable_tqdm": false,
        "max_seq_length": 512, "overwrite_output_dir": true, "logging_steps": 50,
        "save_steps": 200, "save_only_model": true, "stop_after_n_steps": 1000, "lora_r": 16,
        "gradient_checkpointing": true, "torch_dtype": "bfloat16",
        "attn_implementation": "flash_attention_2", "seed": 42
        """;
    String last = model.substring(model.indexOf('/') + 1);
    assertSays(text.formatted(model, adapter, last), "train_configs/supervised/" + name + ".json");
  }

  /** family, base model, first part of the adapters' names. */
  static Stream<List<String>> wordTasks() {
    List<List<String>> families =
        List.of(
            List.of("Llama2", "meta-llama/Llama-2-7b-chat-hf", "Llama-2-7b-chat-hf"),
            List.of("Mistral", "mistralai/Mistral-7B-Instruct-v0.2", "Mistral-7B-Instruct-v2"),
            List.of("ShearedLlama", "princeton-nlp/Sheared-LLaMA-1.3B", "Sheared-LLaMA"));
    List<List<String>> all = new ArrayList<>();
    for (List<String> family : families) {
      String mntp = "McGill-NLP/LLM2Vec-" + family.get(2) + "-mntp";
      String base = family.get(1);
      all.add(List.of(family.get(0), "uni", base, "", "false", "same_token"));
      all.add(List.of(family.get(0), "bi", base, "", "true", "same_token"));
      all.add(List.of(family.get(0), "bi-mntp", base, mntp, "true", "next_token"));
      all.add(
          List.of(
              family.get(0), "bi-mntp-simcse", mntp, mntp + "-unsup-simcse", "true", "next_token"));
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("wordTasks")
  void wordTaskFilesSayWhatUpstreamSays(List<String> task) throws IOException {
    String stage = task.get(0) + "/" + task.get(1);
    String file = task.get(0) + "-" + task.get(1) + ".json";
    String common =
        """
        "model_name_or_path": "%s", %s "bidirectional": %s, "retroactive_labels": "%s",
        "model_class": "custom", "classifier_dropout": 0.1, "torch_dtype": "bfloat16",
        "attn_implementation": "flash_attention_2", "merge_subwords": true,
        "dataset_name": "conll2003", "task": "pos_tags",
        """
            .formatted(
                task.get(2),
                task.get(3).isEmpty() ? "" : "\"peft_addr\": \"" + task.get(3) + "\",",
                task.get(4),
                task.get(5));
    assertSays(
        common
            + """
            "output_dir": "output/word-task/pos_tags/%s", "num_train_epochs": 10,
            "learning_rate": 0.0005, "do_train": true, "save_steps": 250, "logging_steps": 50,
            "save_strategy": "steps", "do_eval": true, "eval_steps": 500,
            "evaluation_strategy": "steps", "overwrite_output_dir": true,
            "stop_after_n_steps": 4000, "remove_unused_columns": false
            """
                .formatted(stage),
        "train_configs/word-task/" + file);
    // Upstream's slip: this one points at the head of another model.
    String head = stage.equals("Llama2/bi-mntp-simcse") ? "Llama2/bi-mntp" : stage;
    assertSays(
        common
            + """
            "output_dir": "output/word-task/pos_tags/%s/results/checkpoint-3000",
            "cls_addr": "output/word-task/pos_tags/%s/checkpoint-3000", "max_seq_length": 512
            """
                .formatted(stage, head),
        "test_configs/word-task/" + file);
  }

  @Test
  void shipsNoOtherFiles() throws IOException {
    assertEquals(5, names("train_configs/mntp").size());
    assertEquals(4, names("train_configs/simcse").size());
    assertEquals(5, names("train_configs/supervised").size());
    assertEquals(12, names("train_configs/word-task").size());
    assertEquals(2, names("train_configs/distill").size());
    assertEquals(names("train_configs/word-task"), names("test_configs/word-task"));
    assertEquals(List.of("task_to_instructions.json"), names("test_configs/mteb"));
  }

  @Test
  void hasAnInstructionForEveryTaskOfTheBenchmark() throws IOException {
    JsonNode map = json("test_configs/mteb/task_to_instructions.json");
    Set<String> keys = new TreeSet<>();
    map.fieldNames().forEachRemaining(keys::add);
    // 56 datasets, CQADupstack by its twelve forums.
    assertEquals(56 - 1 + 12, keys.size());
    assertEquals(12, keys.stream().filter(key -> key.startsWith("CQADupstack")).count());
    assertEquals(12, keys.stream().filter(key -> key.endsWith("Classification")).count());
    assertEquals(11, keys.stream().filter(key -> key.contains("Clustering")).count());
    for (JsonNode instruction : map) {
      assertTrue(instruction.textValue().endsWith(":"), instruction.textValue());
    }
    assertEquals(
        "Given a claim, find documents that refute the claim:", map.get("ArguAna").textValue());
    assertEquals("Retrieve semantically similar text:", map.get("STS16").textValue());
    assertEquals(
        "Identify the main category of Medrxiv papers based on the titles and abstracts:",
        map.get("MedrxivClusteringP2P").textValue());
    assertEquals(
        "Given a online banking query, find the corresponding intents:",
        map.get("Banking77Classification").textValue());
  }

  @Test
  void readsEveryShippedFile() throws IOException {
    for (String name : names("train_configs/mntp")) {
      MntpConfig config =
          ConfigFiles.MNTP.read(ROOT.resolve("train_configs/mntp/" + name), List.of()).config();
      assertEquals(16, config.lora().rank());
      assertEquals(32, config.lora().alpha());
      assertEquals(5e-5, config.training().optimizer().learningRate());
      assertEquals(
          TrainingArguments.IntervalStrategy.STEPS, config.training().evaluation().strategy());
      assertEquals(OptionalInt.of(1000), config.training().schedule().stopAfter());
      assertEquals(3, config.training().schedule().epochs());
      assertTrue(config.model().bidirectional());
    }
    for (String name : names("train_configs/simcse")) {
      SimcseConfig config =
          ConfigFiles.SIMCSE.read(ROOT.resolve("train_configs/simcse/" + name), List.of()).config();
      assertEquals(3e-5, config.training().optimizer().learningRate());
      assertEquals(20, config.contrast().lossScale());
      assertEquals(0.3, config.dropout());
      assertEquals(0.05, config.lora().dropout());
    }
    for (String name : names("train_configs/supervised")) {
      SupervisedConfig config =
          ConfigFiles.SUPERVISED
              .read(ROOT.resolve("train_configs/supervised/" + name), List.of())
              .config();
      assertEquals(50, config.contrast().lossScale());
      assertEquals(Pooling.MEAN, config.contrast().pooling());
      assertEquals(ScheduleType.LINEAR, config.training().schedule().type());
      assertEquals(300, config.training().schedule().warmupSteps());
    }
    for (String name : names("train_configs/distill")) {
      DistillConfig config =
          ConfigFiles.DISTILL
              .read(ROOT.resolve("train_configs/distill/" + name), List.of())
              .config();
      assertEquals(1, config.loss().cosine());
      assertEquals(OptionalInt.empty(), config.training().schedule().stopAfter());
      assertTrue(config.student().lora().fullFinetuning());
      assertTrue(config.training().run().doEval());
    }
    for (String name : names("train_configs/word-task")) {
      WordTaskConfig config =
          ConfigFiles.WORD_TASK
              .read(ROOT.resolve("train_configs/word-task/" + name), List.of())
              .config();
      assertEquals(8, config.training().batches().trainBatchSize());
      assertEquals(WordTask.POS_TAGS, config.head().task());
    }
    for (String name : names("test_configs/word-task")) {
      ResolvedConfig<WordTestConfig> config =
          ConfigFiles.WORD_TEST.read(ROOT.resolve("test_configs/word-task/" + name), List.of());
      assertEquals(32, config.config().batchSize());
      boolean foreign = config.notes().stream().anyMatch(note -> note.startsWith("cls_addr"));
      assertEquals(name.equals("Llama2-bi-mntp-simcse.json"), foreign, name);
    }
  }

  /**
   * The folder name that upstream's documentation gives for eight devices of 64, here one of 512.
   */
  @Test
  void namesTheFolderOfASupervisedRunAsUpstreamDoes() throws IOException {
    SupervisedConfig config =
        ConfigFiles.SUPERVISED
            .read(
                ROOT.resolve("train_configs/supervised/MetaLlama3.json"),
                List.of("--per_device_train_batch_size", "512"))
            .config();
    assertEquals(
        Path.of(
            "output/mntp-supervised/Meta-Llama-3-8B-Instruct/E5_train_m-Meta-Llama-3-8B-Instruct"
                + "_p-mean_b-512_l-512_bidirectional-True_e-3_s-42_w-300_lr-0.0002_lora_r-16"),
        config.outputDir());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.trainer.config.ConfigValues.ConfigException;
import io.github.llm2vec.trainer.optim.LearningRateSchedule.ScheduleType;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFilesTest {

  private static final String LEAST =
      "\"model_name_or_path\": \"tiny\", \"train_file\": \"a.txt\", \"output_dir\": \"out\"";

  @TempDir Path folder;

  private ResolvedConfig<MntpConfig> mntp(String keys, String... options) throws IOException {
    Path file = folder.resolve("train.json");
    Files.writeString(file, "{" + LEAST + (keys.isEmpty() ? "" : ", " + keys) + "}");
    return ConfigFiles.MNTP.read(file, List.of(options));
  }

  private String refusal(String keys, String... options) {
    return assertThrows(ConfigException.class, () -> mntp(keys, options)).getMessage();
  }

  @Test
  void fillsInTheDefaultsOfTransformersAndUpstream() throws IOException {
    MntpConfig config = mntp("").config();
    TrainingArguments training = config.training();
    assertEquals(
        new TrainingArguments.Optimizer(5e-5, 5e-5, 0, 0.9, 0.999, 1e-8, 1), training.optimizer());
    assertEquals(new TrainingArguments.Batches(8, 8, 1, false), training.batches());
    assertEquals(ScheduleType.LINEAR, training.schedule().type());
    assertEquals(3, training.schedule().epochs());
    assertEquals(OptionalInt.of(10_000), training.schedule().stopAfter());
    assertEquals(
        new TrainingArguments.Logging(
            TrainingArguments.IntervalStrategy.STEPS, new TrainingArguments.Interval(500), false),
        training.logging());
    assertEquals(TrainingArguments.IntervalStrategy.NO, training.evaluation().strategy());
    assertEquals(TrainingArguments.IntervalStrategy.STEPS, training.saving().strategy());
    assertEquals(42, training.run().seed());
    assertEquals(42, training.run().orderSeed());
    assertEquals(
        new TrainingArguments.Precision(false, false, Optional.empty(), 0), training.precision());
    assertEquals(new LoraArguments(8, 16, 0.05, false), config.lora());
    assertEquals(0.15, config.masking().probability());
    assertEquals(MaskingArguments.MaskToken.BLANK, config.masking().token());
    assertEquals(ModelArguments.Dtype.FLOAT32, config.model().dtype());
    assertEquals(5, config.data().validationPercent());
    assertTrue(config.data().overwriteCache());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--learning_rate 1e-4", "--learning_rate=1e-4", "--learning-rate=0.0001"})
  void optionsReplaceWhatTheFileSays(String option) throws IOException {
    MntpConfig config = mntp("\"learning_rate\": 3e-5", option.split(" ")).config();
    assertEquals(1e-4, config.training().optimizer().learningRate());
  }

  @Test
  void optionsAreReadByTheKindOfTheirKey() throws IOException {
    MntpConfig config =
        mntp(
                "\"do_train\": false, \"overwrite_cache\": true",
                "--do_train",
                "--no_overwrite_cache",
                "--seed",
                "7",
                "--gradient_checkpointing=true",
                "--report_to",
                "none",
                "--lr_scheduler_type",
                "cosine",
                "--lr_scheduler_kwargs={\"num_cycles\": 1.5}")
            .config();
    assertTrue(config.training().run().doTrain());
    assertFalse(config.data().overwriteCache());
    assertEquals(7, config.training().run().seed());
    assertEquals(Optional.of(true), config.training().precision().gradientCheckpointing());
    assertEquals(Set.of(), config.training().run().reportTo());
    assertEquals(1.5, config.training().schedule().cycles());
  }

  @ParameterizedTest
  @ValueSource(strings = {"eval_strategy", "evaluation_strategy"})
  void knowsBothSpellingsOfARenamedKey(String key) throws IOException {
    MntpConfig config = mntp("\"" + key + "\": \"steps\", \"eval_steps\": 100").config();
    assertEquals(
        TrainingArguments.IntervalStrategy.STEPS, config.training().evaluation().strategy());
    assertEquals(new TrainingArguments.Interval(100), config.training().evaluation().interval());
    assertTrue(config.training().run().doEval());
  }

  @Test
  void anOptionInOneSpellingReplacesAKeyInTheOther() throws IOException {
    MntpConfig config =
        mntp("\"evaluation_strategy\": \"steps\"", "--eval_strategy", "no").config();
    assertEquals(TrainingArguments.IntervalStrategy.NO, config.training().evaluation().strategy());
  }

  @Test
  void refusesTwoSpellingsThatSayDifferentThings() {
    String message = refusal("\"evaluation_strategy\": \"steps\", \"eval_strategy\": \"epoch\"");
    assertTrue(message.contains("contradicts"), message);
    assertTrue(
        message.contains("evaluation_strategy and eval_strategy are two spellings"), message);
  }

  @Test
  void namesTheNearestKeyOfAnUnknownOne() {
    String message = refusal("\"lerning_rate\": 1e-4");
    assertEquals(
        folder.resolve("train.json")
            + ": key lerning_rate: there is no such key; did you mean learning_rate?",
        message);
    assertEquals(
        "--max_step: there is no such key; did you mean max_steps?",
        refusal("", "--max_step", "3"));
  }

  @Test
  void pointsToTheListOfKeysWhenNoneIsNear() {
    assertTrue(refusal("\"zzzzzzzz\": 1").contains("docs/training-configs.md"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\"learning_rate\": \"fast\"' | expected a number, found \"fast\"",
        "'\"learning_rate\": \"1e-4\"' | expected a number, found \"1e-4\"",
        "'\"learning_rate\": -1' | expected a number of at least 0, found -1",
        "'\"adam_beta1\": 1' | expected a number of at least 0 and below 1, found 1",
        "'\"mlm_probability\": 0' | expected a number above 0 and at most 1, found 0",
        "'\"seed\": 1.5' | expected a whole number, found 1.5",
        "'\"per_device_train_batch_size\": 0' | expected a whole number of at least 1, found 0",
        "'\"do_train\": \"true\"' | expected true or false, found \"true\"",
        "'\"mask_token_type\": \"underscore\"' | expected one of blank, eos, mask, found",
        "'\"lr_scheduler_type\": \"polynomial\"' | expected one of linear, cosine, constant,",
        "'\"lr_scheduler_kwargs\": {\"lr_end\": 1}' | expected {\"num_cycles\": 0.5} or {}",
        "'\"save_steps\": 1.5' | expected a whole number of steps, or a share of the run below 1",
        "'\"optim\": \"sgd\"' | expected adamw_torch, found \"sgd\"",
        "'\"report_to\": [\"wandb\"]' | no figures are sent to a service",
        "'\"attn_implementation\": \"flash\"' | expected sdpa, flash_attention_2 or eager",
      })
  void saysWhatWasExpected(String keys, String expected) {
    String message = refusal(keys);
    assertTrue(message.contains(expected), message);
    assertTrue(message.startsWith(folder.resolve("train.json") + ": key "), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\"bf16\": true, \"fp16\": true' | fp16: contradicts bf16",
        "'\"dataset_name\": \"wikitext\"' | dataset_name: contradicts train_file",
        "'\"load_best_model_at_end\": true' | save_strategy is steps and eval_strategy is no",
        "'\"load_best_model_at_end\": true, \"eval_strategy\": \"steps\", \"eval_steps\": 300'"
            + " | save_steps 500.0 is not a multiple of eval_steps 300.0",
        "'\"full_finetuning\": true, \"lora_r\": 8' | contradicts lora_r",
        "'\"embedding_learning_rate\": 1e-3' | an adapter has no embeddings",
        "'\"streaming\": true' | say how long to train by max_steps",
        "'\"deepspeed\": {\"stage\": 3}' | one process, on the devices",
        "'\"push_to_hub\": true' | nothing is sent to the hub",
        "'\"token\": \"hf_abc\"' | set HF_TOKEN instead",
        "'\"use_fast_tokenizer\": false' | only fast tokenizers",
        "'\"group_by_length\": true' | length grouping is not here",
        "'\"seed\": 1, \"seed\": 2' | Duplicate field 'seed'",
      })
  void refusesWhatContradictsOrCannotBe(String keys, String expected) {
    String message = refusal(keys);
    assertTrue(message.contains(expected), message);
    assertFalse(message.contains("hf_abc"), message);
  }

  @Test
  void acceptsWithANoteWhatChangesNoNumber() throws IOException {
    ResolvedConfig<MntpConfig> config =
        mntp("\"dataloader_num_workers\": 4, \"remove_unused_columns\": false, \"max_steps\": 9");
    assertEquals(1, config.notes().size());
    assertTrue(config.notes().get(0).contains("dataloader_num_workers has no effect"));
    assertFalse(config.values().has("dataloader_num_workers"));
  }

  @Test
  void acceptsEveryDefaultOfTransformers() throws IOException {
    for (String version : List.of("4", "5")) {
      JsonNode defaults;
      try (InputStream in =
          ConfigFilesTest.class.getResourceAsStream("training-arguments-" + version + ".json")) {
        defaults = new ObjectMapper().readTree(in).get("defaults");
      }
      ObjectNode all = defaults.deepCopy();
      all.put("output_dir", "out").put("model_name_or_path", "tiny").put("train_file", "a.txt");
      Path file = folder.resolve("all.json");
      Files.writeString(file, all.toString());
      ResolvedConfig<MntpConfig> config = ConfigFiles.MNTP.read(file, List.of());
      assertEquals(List.of(), config.notes(), version);
      assertEquals(5e-5, config.config().training().optimizer().learningRate());
      assertEquals(OptionalInt.empty(), config.config().training().schedule().maxSteps());
    }
  }

  @Test
  void printsItselfSoThatReadingItAgainGivesTheSame() throws IOException {
    ResolvedConfig<MntpConfig> first =
        mntp("\"warmup_ratio\": 0.1, \"evaluation_strategy\": \"epoch\"", "--max_steps", "70");
    Path printed = folder.resolve("printed.json");
    Files.writeString(printed, first.toJson());
    ResolvedConfig<MntpConfig> second = ConfigFiles.MNTP.read(printed, List.of());
    assertEquals(first.config(), second.config());
    assertEquals(first.toJson(), second.toJson());
    assertTrue(first.toJson().contains("\"adam_beta2\" : 0.999"), first.toJson());
  }

  @Test
  void refusesABrokenFileWithItsLine() throws IOException {
    Path file = folder.resolve("broken.json");
    Files.writeString(file, "{\n \"seed\": 1,\n}");
    ConfigException e =
        assertThrows(ConfigException.class, () -> ConfigFiles.MNTP.read(file, List.of()));
    assertTrue(e.getMessage().startsWith(file + ":3: broken JSON"), e.getMessage());
    Files.writeString(file, "[1]");
    assertThrows(ConfigException.class, () -> ConfigFiles.MNTP.read(file, List.of()));
    assertThrows(
        NoSuchFileException.class,
        () -> ConfigFiles.MNTP.read(folder.resolve("none.json"), List.of()));
  }

  @Test
  void saysWhichKeyIsMissing() throws IOException {
    Path file = folder.resolve("empty.json");
    Files.writeString(file, "{}");
    ConfigException e =
        assertThrows(ConfigException.class, () -> ConfigFiles.MNTP.read(file, List.of()));
    assertEquals(
        file + ": key model_name_or_path is missing; name a model folder or a hub id",
        e.getMessage());
  }

  @Test
  void refusesAnOptionWithoutDashes() {
    assertTrue(refusal("", "learning_rate", "1").contains("expected an option such as"));
  }

  @Test
  void fallsOverTheWholeRunUnlessAHorizonIsSaid() throws IOException {
    ScheduleArguments upstream =
        mntp("\"stop_after_n_steps\": 1000").config().training().schedule();
    StepPlan plan = upstream.plan(8000, 1);
    assertEquals(24_000, upstream.schedule(plan, 1).totalUpdates());
    assertEquals(1000, upstream.lastUpdate(plan));
    ScheduleArguments own = mntp("\"lr_schedule_steps\": 1000").config().training().schedule();
    assertEquals(1000, own.schedule(own.plan(8000, 1), 1).totalUpdates());
  }

  @Test
  void readsResumeInAllItsForms() throws IOException {
    assertEquals(
        new RunArguments.Unsaid(), mntp("").config().training().run().resumeFromCheckpoint());
    assertEquals(
        new RunArguments.LastCheckpoint(),
        mntp("", "--resume_from_checkpoint").config().training().run().resumeFromCheckpoint());
    assertEquals(
        new RunArguments.Checkpoint(Path.of("out/checkpoint-5")),
        mntp("\"resume_from_checkpoint\": \"out/checkpoint-5\"")
            .config()
            .training()
            .run()
            .resumeFromCheckpoint());
  }

  @Test
  void readsTheOtherCommands() throws IOException {
    Path file = folder.resolve("other.json");
    Files.writeString(
        file,
        "{\"model_name_or_path\": \"m\", \"output_dir\": \"o\","
            + " \"peft_model_name_or_path\": [\"mntp\", \"second\"], \"dataset_name\": \"jsonl\"}");
    SupervisedConfig supervised =
        ConfigFiles.SUPERVISED
            .read(file, List.of("--query_instruction", "Find it", "--experiment_id=x"))
            .config();
    assertEquals(List.of("mntp", "second"), supervised.model().adapters());
    assertEquals("; ", supervised.instructions().separator());
    assertEquals(Optional.of("Find it"), supervised.instructions().ofPlainData());
    assertEquals(Path.of("o/x"), supervised.outputDir());
    assertFalse(supervised.model().bidirectional());

    Files.writeString(file, "{\"model_name_or_path\": \"m\", \"output_dir\": \"o\"}");
    SimcseConfig simcse = ConfigFiles.SIMCSE.read(file, List.of()).config();
    assertEquals(0.1, simcse.dropout());
    assertEquals(50, simcse.contrast().lossScale());
    assertEquals(SimcseConfig.Window.ATTENTION_MASK, simcse.window());
    String message =
        assertThrows(
                ConfigException.class,
                () -> ConfigFiles.SIMCSE.read(file, List.of("--simcse_template")))
            .getMessage();
    assertTrue(message.contains("needs simcse_window text"), message);
    for (String mode : List.of("bos_token", "max")) {
      String refused =
          assertThrows(
                  ConfigException.class,
                  () -> ConfigFiles.SIMCSE.read(file, List.of("--pooling_mode=" + mode)))
              .getMessage();
      assertTrue(refused.contains(mode + " cannot be trained here"), refused);
    }

    Files.writeString(
        file,
        "{\"config_name\": \"c\", \"tokenizer_name\": \"t\", \"output_dir\": \"o\","
            + " \"train_file\": \"a.txt\"}");
    PretrainConfig pretrain = ConfigFiles.PRETRAIN.read(file, List.of()).config();
    assertEquals(Path.of("c"), pretrain.architecture());
    assertEquals(OptionalInt.empty(), pretrain.training().schedule().stopAfter());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingCommandTest {

  @TempDir Path folder;

  private String config() throws IOException {
    String json =
        """
        {"model_name_or_path": "../examples/models/stories260K", "mask_token_type": "eos",
         "train_file": "%s", "output_dir": "%s", "do_train": true, "max_steps": 2,
         "max_seq_length": 16, "line_by_line": true, "per_device_train_batch_size": 2,
         "use_cpu": true}
        """;
    Path texts = Files.writeString(folder.resolve("texts.txt"), "once upon a time\n".repeat(40));
    return Files.writeString(
            folder.resolve("mntp.json"),
            json.formatted(texts, folder.resolve("out")).replace("\\", "/"))
        .toString();
  }

  @Test
  void trainsByAConfigurationWhoseKeysCanBeReplaced() throws IOException {
    CommandRunner runner = CommandRunner.withRealModels();
    assertEquals(0, runner.run("mntp", config(), "--learning_rate", "1e-3"), runner.err());
    assertTrue(runner.err().contains("2 updates"), runner.err());
    assertTrue(runner.err().contains("Use it by --model"), runner.err());
    assertTrue(runner.out().isEmpty());
    Path out = folder.resolve("out");
    assertTrue(Files.exists(out.resolve("adapter_model.safetensors")));
    assertTrue(Files.readString(out.resolve("training_config.json")).contains("0.001"));
    assertTrue(Files.exists(out.resolve("curves.html")));
    assertTrue(Files.isDirectory(out.resolve("runs")));
  }

  @Test
  void aStudentIsCutFromItsTeacherAndLearnsFromIt() throws IOException {
    String model = "../examples/models/stories260K";
    Path texts =
        Files.writeString(
            folder.resolve("texts.txt"), "once upon a time\nthe dog ran home\n".repeat(20));
    Path student = folder.resolve("student");
    CommandRunner runner = CommandRunner.withRealModels();
    String[] prune = {"prune", "--model", model, "--output", student.toString()};
    assertEquals(2, runner.run(prune));
    assertTrue(runner.err().contains("say --layers"), runner.err());
    prune = java.util.Arrays.copyOf(prune, prune.length + 4);
    prune[5] = "--layers";
    prune[6] = "2";
    prune[7] = "--vocabulary-of";
    prune[8] = texts.toString();
    assertEquals(0, runner.run(prune), runner.err());
    assertTrue(runner.err().contains("2 layers"), runner.err());
    Path config =
        Files.writeString(
            folder.resolve("distill.json"),
            """
            {"model_name_or_path": "%s", "teacher_model_name_or_path": "%s", "train_file": "%s",
             "output_dir": "%s", "do_train": true, "do_eval": true, "max_steps": 2,
             "max_seq_length": 16, "use_cpu": true, "validation_split_percentage": 20}
            """
                .formatted(student, model, texts, folder.resolve("out"))
                .replace("\\", "/"));
    assertEquals(0, runner.run("distill", config.toString()), runner.err());
    assertTrue(runner.err().contains("Teacher: 40 texts"), runner.err());
    assertTrue(runner.err().contains("held-out loss"), runner.err());
    assertTrue(runner.err().contains("cosine"), runner.err());
    assertTrue(Files.exists(folder.resolve("out/modules.json")));
  }

  @Test
  void namesAKeyThatThereIsNot() throws IOException {
    CommandRunner runner = CommandRunner.withRealModels();
    assertEquals(1, runner.run("mntp", config(), "--learning_rat", "1e-3"));
    assertTrue(runner.err().contains("did you mean learning_rate"), runner.err());
  }
}

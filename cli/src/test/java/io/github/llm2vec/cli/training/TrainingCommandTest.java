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
  void namesAKeyThatThereIsNot() throws IOException {
    CommandRunner runner = CommandRunner.withRealModels();
    assertEquals(1, runner.run("mntp", config(), "--learning_rat", "1e-3"));
    assertTrue(runner.err().contains("did you mean learning_rate"), runner.err());
  }
}

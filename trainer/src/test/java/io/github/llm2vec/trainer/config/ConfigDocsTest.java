/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every key is in docs/training-configs.md. */
class ConfigDocsTest {

  @TempDir Path folder;

  private Set<String> keys(ResolvedConfig<?> config) {
    Set<String> keys = new TreeSet<>();
    config.values().fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  private Path config(String keys) throws IOException {
    return Files.writeString(folder.resolve("config.json"), "{\"output_dir\":\"o\"," + keys + "}");
  }

  @Test
  void documentsEveryKey() throws IOException {
    Set<String> keys = new TreeSet<>(HuggingFaceKeys.names());
    String model = "\"model_name_or_path\":\"m\"";
    String file = ",\"train_file\":\"a.txt\"";
    keys.addAll(keys(ConfigFiles.MNTP.read(config(model + file), List.of())));
    keys.addAll(keys(ConfigFiles.SIMCSE.read(config(model), List.of())));
    keys.addAll(keys(ConfigFiles.SUPERVISED.read(config(model), List.of())));
    keys.addAll(keys(ConfigFiles.WORD_TASK.read(config(model + file), List.of())));
    keys.addAll(
        keys(
            ConfigFiles.WORD_TEST.read(
                config(model + ",\"cls_addr\":\"c\",\"test_file\":\"a.txt\""), List.of())));
    keys.addAll(
        keys(
            ConfigFiles.PRETRAIN.read(
                config("\"config_name\":\"c\",\"tokenizer_name\":\"t\"" + file), List.of())));
    keys.addAll(
        keys(
            ConfigFiles.DISTILL.read(
                config(model + ",\"teacher_vectors\":\"t.npy\"" + file), List.of())));
    String docs = Files.readString(Path.of("..", "docs", "training-configs.md"));
    keys.removeIf(key -> docs.contains("`" + key + "`"));
    assertEquals(Set.of(), keys);
  }
}

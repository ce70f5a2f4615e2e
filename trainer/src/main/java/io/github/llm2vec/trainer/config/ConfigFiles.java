/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.trainer.config.ConfigValues.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Reads the configuration of each command: a JSON file of flat keys, and options such as {@code
 * --learning_rate 1e-4} or {@code --learning_rate=1e-4} that replace what the file says. Everything
 * that can be refused without a model or data is refused here, with a {@link ConfigException}: an
 * unknown key with the nearest known one, a value of the wrong kind, keys that contradict another,
 * and keys of Hugging Face that are not supported.
 */
public final class ConfigFiles {

  private ConfigFiles() {}

  /** Masked next token prediction. */
  public static ResolvedConfig<MntpConfig> mntp(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), MntpConfig::read);
  }

  /** Unsupervised SimCSE. */
  public static ResolvedConfig<SimcseConfig> simcse(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), SimcseConfig::read);
  }

  /** Supervised contrastive training. */
  public static ResolvedConfig<SupervisedConfig> supervised(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), SupervisedConfig::read);
  }

  /** Training the head of a word task. */
  public static ResolvedConfig<WordTaskConfig> wordTask(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), WordTaskConfig::read);
  }

  /** Testing the head of a word task. */
  public static ResolvedConfig<WordTestConfig> wordTest(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), WordTestConfig::read);
  }

  /** Making a language model from nothing. */
  public static ResolvedConfig<PretrainConfig> pretrain(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), PretrainConfig::read);
  }

  /** Distillation. */
  public static ResolvedConfig<DistillConfig> distill(Path file, List<String> options)
      throws IOException {
    return resolve(RawConfig.read(file).with(options), DistillConfig::read);
  }

  private static <C> ResolvedConfig<C> resolve(RawConfig raw, Function<ConfigValues, C> reader) {
    ConfigValues values = new ConfigValues(raw);
    C config = reader.apply(values);
    List<String> unread = values.unread();
    if (!unread.isEmpty()) {
      throw unknown(values, unread.get(0));
    }
    return new ResolvedConfig<>(config, values.resolved(), values.notes());
  }

  private static ConfigException unknown(ConfigValues values, String key) {
    Set<String> known = new TreeSet<>(values.readable());
    Optional<String> nearest = NearestName.of(values.spelling(key), known);
    return values.invalid(
        key,
        "there is no such key%s"
            .formatted(
                nearest
                    .map(name -> "; did you mean " + name + "?")
                    .orElse("; docs/training-configs.md lists the keys of every command")));
  }
}

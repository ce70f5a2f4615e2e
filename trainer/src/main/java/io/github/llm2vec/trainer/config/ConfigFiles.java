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
 *
 * @param <C> configuration of the command
 */
public final class ConfigFiles<C> {

  /** Masked next token prediction. */
  public static final ConfigFiles<MntpConfig> MNTP = new ConfigFiles<>(MntpConfig::read);

  /** Unsupervised SimCSE. */
  public static final ConfigFiles<SimcseConfig> SIMCSE = new ConfigFiles<>(SimcseConfig::read);

  /** Supervised contrastive training. */
  public static final ConfigFiles<SupervisedConfig> SUPERVISED =
      new ConfigFiles<>(SupervisedConfig::read);

  /** Training the head of a word task. */
  public static final ConfigFiles<WordTaskConfig> WORD_TASK =
      new ConfigFiles<>(WordTaskConfig::read);

  /** Testing the head of a word task. */
  public static final ConfigFiles<WordTestConfig> WORD_TEST =
      new ConfigFiles<>(WordTestConfig::read);

  /** Making a language model from nothing. */
  public static final ConfigFiles<PretrainConfig> PRETRAIN =
      new ConfigFiles<>(PretrainConfig::read);

  /** Distillation. */
  public static final ConfigFiles<DistillConfig> DISTILL = new ConfigFiles<>(DistillConfig::read);

  private final Function<ConfigValues, C> reader;

  private ConfigFiles(Function<ConfigValues, C> reader) {
    this.reader = reader;
  }

  /**
   * The configuration of a run.
   *
   * @param options replace what the file says
   */
  public ResolvedConfig<C> read(Path file, List<String> options) throws IOException {
    ConfigValues values = new ConfigValues(RawConfig.read(file).with(options));
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

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A run of unsupervised SimCSE, upstream's {@code run_simcse.py}.
 *
 * @param model the model, with the MNTP adapter that is merged into it
 * @param dataset {@code dataset_name}
 * @param file {@code dataset_file_path}
 * @param access where data is found and kept
 * @param contrast pooling, length and loss
 * @param dropout {@code simcse_dropout}: dropout of attention, by which the two passes differ
 * @param window {@code simcse_window}: what is pooled; not upstream's key
 * @param template {@code simcse_template}: whether texts are put into the chat template of the
 *     model, as encoding does and upstream's training does not; not upstream's key
 * @param lora the adapter
 * @param training everything else
 */
public record SimcseConfig(
    ModelArguments model,
    Dataset dataset,
    Optional<Path> file,
    DataAccess access,
    ContrastiveArguments contrast,
    double dropout,
    Window window,
    boolean template,
    LoraArguments lora,
    TrainingArguments training)
    implements TrainConfig {

  /** Where texts come from. */
  public enum Dataset implements NamedOption {
    /** One sentence per line; empty lines are texts, too. */
    WIKI1M,
    /** Any file of texts; empty ones are left out. Not upstream's. */
    TEXT;

    @Override
    public String optionName() {
      return this == WIKI1M ? "Wiki1M" : NamedOption.super.optionName();
    }
  }

  /** What is pooled of a text. */
  public enum Window implements NamedOption {
    /** All tokens of the text, special tokens included, but no padding. */
    ATTENTION_MASK,
    /** The tokens of the text alone, as encoding pools. */
    TEXT,
    /** The whole row with its padding, as upstream's training does. */
    PADDED_ROW
  }

  static SimcseConfig read(ConfigValues values) {
    Optional<String> experiment = values.optionalText("experiment_id");
    if (experiment.isPresent()) {
      values.note("experiment_id has no effect in SimCSE, as in upstream");
    }
    Window window = values.choice("simcse_window", Window.ATTENTION_MASK);
    boolean template = values.flag("simcse_template", false);
    if (template && window != Window.TEXT) {
      throw values.invalid(
          "simcse_template", "needs simcse_window text, or the template itself would be pooled");
    }
    return new SimcseConfig(
        ModelArguments.readForContrast(values),
        values.choice("dataset_name", Dataset.WIKI1M),
        values.optionalText("dataset_file_path").map(Path::of),
        DataAccess.read(values),
        ContrastiveArguments.read(values),
        values.decimal("simcse_dropout", 0.1, ConfigValues.Range.BELOW_ONE),
        window,
        template,
        LoraArguments.read(values),
        TrainingArguments.read(values));
  }
}

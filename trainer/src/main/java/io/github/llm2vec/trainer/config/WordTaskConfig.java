/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/**
 * A run that trains the head of a word task, upstream's {@code run_word_task.py}.
 *
 * @param model the model, which is not changed
 * @param data the sentences
 * @param head the head
 * @param training everything else
 */
public record WordTaskConfig(
    ModelArguments model,
    TextDataArguments data,
    WordHeadArguments head,
    TrainingArguments training)
    implements TrainConfig {

  static WordTaskConfig read(ConfigValues values) {
    // Upstream's script takes them over from the one for MNTP and never looks at them.
    values.known("mlm_probability");
    String collator = values.text("data_collator_type", "custom");
    if (!collator.equals("custom")) {
      values.note("data_collator_type has no effect in word tasks, as in upstream");
    }
    WordTaskConfig config =
        new WordTaskConfig(
            ModelArguments.readForWordTask(values),
            TextDataArguments.read(values),
            WordHeadArguments.read(values),
            TrainingArguments.read(values));
    if (config.data().lineByLine()) {
      throw values.invalid("line_by_line", "has no meaning for sentences of words");
    }
    if (config.data().streaming()) {
      throw values.invalid("streaming", "is not there for sentences of words, which are few");
    }
    return config;
  }
}

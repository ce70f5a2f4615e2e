/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;

/**
 * The linear head that word tasks train on a frozen model.
 *
 * @param task {@code task}
 * @param labels {@code retroactive_labels}
 * @param dropout {@code classifier_dropout}
 * @param mergeSubwords {@code merge_subwords}: whether all tokens of a word get their mean
 */
public record WordHeadArguments(
    WordTask task, LabelShift labels, double dropout, boolean mergeSubwords) {

  /** {@code task}: the tags that a word task predicts. */
  public enum WordTask implements NamedOption {
    /** Parts of speech, the 47 tags of CoNLL-2003. */
    POS_TAGS,
    /** Phrases, the 23 tags of CoNLL-2003. */
    CHUNK_TAGS,
    /** Named entities, the 9 tags of CoNLL-2003. */
    NER_TAGS,
    /** Parts of speech, the 17 of Universal Dependencies; not upstream's. */
    UPOS_TAGS
  }

  static WordHeadArguments read(ConfigValues values) {
    String modelClass = values.text("model_class", "custom");
    if (!modelClass.equals("custom")) {
      throw values.invalid(
          "model_class",
          "expected custom, found \"%s\": encoders of other kinds (auto) are not trained here"
              .formatted(modelClass));
    }
    return new WordHeadArguments(
        values.choice("task", WordTask.POS_TAGS),
        values.choice("retroactive_labels", LabelShift.NEXT_TOKEN, LabelShift::optionName),
        values.decimal("classifier_dropout", 0.1, ConfigValues.Range.BELOW_ONE),
        values.flag("merge_subwords", true));
  }
}

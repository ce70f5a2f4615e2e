/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/** {@code task}: the tags that a word task predicts. */
public enum WordTask {
  /** Parts of speech, the 47 tags of CoNLL-2003. */
  POS_TAGS("pos_tags"),
  /** Phrases, the 23 tags of CoNLL-2003. */
  CHUNK_TAGS("chunk_tags"),
  /** Named entities, the 9 tags of CoNLL-2003. */
  NER_TAGS("ner_tags"),
  /** Parts of speech, the 17 of Universal Dependencies; not upstream's. */
  UPOS_TAGS("upos_tags");

  private final String optionName;

  WordTask(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in configuration files. */
  public String optionName() {
    return optionName;
  }
}

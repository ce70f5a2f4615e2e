/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Locale;

/** {@code task}: the tags that a word task predicts. */
public enum WordTask {
  /** Parts of speech, the 47 tags of CoNLL-2003. */
  POS_TAGS,
  /** Phrases, the 23 tags of CoNLL-2003. */
  CHUNK_TAGS,
  /** Named entities, the 9 tags of CoNLL-2003. */
  NER_TAGS,
  /** Parts of speech, the 17 of Universal Dependencies; not upstream's. */
  UPOS_TAGS;

  /** The spelling in configuration files. */
  public String optionName() {
    return name().toLowerCase(Locale.ROOT);
  }
}

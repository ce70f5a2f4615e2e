/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.util.List;

/**
 * A sentence of words with a tag each.
 *
 * @param words the words
 * @param tags one tag per word
 */
record WordSentence(List<String> words, List<String> tags) {

  /** Checks that there is a tag for every word. */
  public WordSentence {
    words = List.copyOf(words);
    tags = List.copyOf(tags);
    if (words.size() != tags.size()) {
      throw new IllegalArgumentException(
          words.size() + " words have " + tags.size() + " tags; this is a bug");
    }
  }
}

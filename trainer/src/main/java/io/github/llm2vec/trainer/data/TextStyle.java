/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.tokenizer.PythonText;

/** How a line of plain text becomes a text: as it is, stripped, or as WikiText is read. */
public enum TextStyle {
  /** The line is the text. */
  LINE {
    @Override
    String understand(String line) {
      return line;
    }
  },
  /**
   * The line with its end is the text, and a blank line is an empty text: what the dataset {@code
   * wikitext} of the hub makes of the files of WikiText.
   */
  WIKITEXT {
    @Override
    String understand(String line) {
      return PythonText.strip(line).isEmpty() ? "" : line + "\n";
    }
  },
  /** The line without whitespace around it is the text, as upstream reads Wiki1M. */
  STRIPPED {
    @Override
    String understand(String line) {
      return PythonText.strip(line);
    }
  };

  abstract String understand(String line);
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/** {@code on_corrupt_line}: what to do with a line of data that cannot be parsed. */
public enum CorruptLinePolicy {
  /** The run ends before it starts, with the file and the line. */
  ERROR("error"),
  /** The line is left out and counted. */
  SKIP("skip");

  private final String optionName;

  CorruptLinePolicy(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in configuration files. */
  public String optionName() {
    return optionName;
  }
}

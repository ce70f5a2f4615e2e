/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

/** A part of a dataset. */
public enum Split {
  /** What is trained on. */
  TRAIN("train", "train"),
  /** What is measured while training. */
  VALIDATION("validation", "validation|valid|dev|val|testa"),
  /** What is measured in the end. */
  TEST("test", "test|testb");

  private final String hubName;
  private final String names;

  Split(String hubName, String names) {
    this.hubName = hubName;
    this.names = names;
  }

  /** The name on the hub. */
  public String hubName() {
    return hubName;
  }

  /** Names by which files of this part are known, as alternatives of a regular expression. */
  String names() {
    return names;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/** When something happens that happens again and again. */
public enum IntervalStrategy {
  /** Never. */
  NO("no"),
  /** After every so many updates. */
  STEPS("steps"),
  /** At the end of every epoch. */
  EPOCH("epoch");

  private final String optionName;

  IntervalStrategy(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in configuration files. */
  public String optionName() {
    return optionName;
  }
}

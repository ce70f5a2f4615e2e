/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

/** The dtype that a model's weights are loaded in. */
public enum ModelDtype {
  /** The dtype of the checkpoint. */
  AUTO("auto"),
  /** bfloat16. */
  BFLOAT16("bfloat16"),
  /** float16. */
  FLOAT16("float16"),
  /** float32, where nothing is said. */
  FLOAT32("float32");

  private final String optionName;

  ModelDtype(String optionName) {
    this.optionName = optionName;
  }

  /** The spelling in configuration files. */
  public String optionName() {
    return optionName;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import io.github.llm2vec.files.OptionNames;
import org.apiguardian.api.API;

/** Number formats in which a model's weights are kept. */
@API(status = API.Status.STABLE)
public enum DType {
  /** IEEE 754 single precision. */
  FLOAT32("float32", 4),
  /** IEEE 754 half precision. */
  FLOAT16("float16", 2),
  /** The upper 16 bits of single precision. */
  BFLOAT16("bfloat16", 2),
  /**
   * 8-bit integers with a scale per row and one per column, made while a model is opened. In memory
   * only: no file of ours is written in it.
   */
  INT8("int8", 1);

  private final String configName;
  private final int bytes;

  DType(String configName, int bytes) {
    this.configName = configName;
    this.bytes = bytes;
  }

  /** The name that Hugging Face configurations and our options use, such as {@code bfloat16}. */
  public String configName() {
    return configName;
  }

  /**
   * Checks that files can be written in this format.
   *
   * @throws IllegalArgumentException if they cannot
   */
  public void requireStored() {
    if (this == INT8) {
      throw notStored();
    }
  }

  static IllegalArgumentException notStored() {
    return new IllegalArgumentException(
        "weights are not stored as int8, which is made when a model is opened;"
            + " store them as float32, bfloat16 or float16");
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /**
   * Finds a dtype by its configuration name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   */
  public static DType of(String configName) {
    return OptionNames.find("dtype", values(), DType::configName, configName);
  }
}

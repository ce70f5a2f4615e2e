/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import io.github.llm2vec.files.OptionNames;
import org.apiguardian.api.API;

/** Number formats in which a model's weights are kept. */
@API(status = API.Status.STABLE)
public enum DType {
  /** IEEE 754 single precision. */
  FLOAT32("float32", 32),
  /** IEEE 754 half precision. */
  FLOAT16("float16", 16),
  /** The upper 16 bits of single precision. */
  BFLOAT16("bfloat16", 16),
  /**
   * 8-bit integers with a scale per row and one per column, made while a model is opened. In memory
   * only: no file of ours is written in it.
   */
  INT8("int8", 8),
  /**
   * 4-bit integers with a scale and a middle for every 32 of a row, 5 bits in all, made while a
   * model is opened. In memory only.
   */
  INT4("int4", 5);

  private final String configName;
  private final int bits;

  DType(String configName, int bits) {
    this.configName = configName;
    this.bits = bits;
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
    if (!isStored()) {
      throw notStored();
    }
  }

  /** Whether files can be written in this format; the others are made when a model is opened. */
  public boolean isStored() {
    return this != INT8 && this != INT4;
  }

  IllegalArgumentException notStored() {
    return new IllegalArgumentException(
        "weights are not stored as %s, which is made when a model is opened; store them as float32, bfloat16 or float16"
            .formatted(configName));
  }

  /** Bits of one element, with its share of a scale that a group of them has in common. */
  public int bits() {
    return bits;
  }

  /** Bytes of one element where each is by itself. */
  public int bytes() {
    return (bits + 7) / 8;
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

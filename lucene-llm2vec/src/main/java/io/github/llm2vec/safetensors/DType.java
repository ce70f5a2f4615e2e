/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import io.github.llm2vec.files.OptionNames;
import org.apiguardian.api.API;

/** Number formats of a model's weights. */
@API(status = API.Status.STABLE)
public enum DType {
  /** IEEE 754 single precision. */
  FLOAT32("float32", 4),
  /** IEEE 754 half precision. */
  FLOAT16("float16", 2),
  /** The upper 16 bits of single precision. */
  BFLOAT16("bfloat16", 2);

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

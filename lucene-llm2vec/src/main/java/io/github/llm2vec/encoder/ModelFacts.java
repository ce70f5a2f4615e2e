/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

/**
 * Device, dtype and kernel of a running model, for operators to read.
 *
 * @param device for example {@code cuda:0}, or ""
 * @param dtype of its weights, for example {@code bfloat16}, or ""
 * @param kernel how its layers are computed, or ""
 * @param tokenizer its fingerprint, as {@code Tokenizer.fingerprint}, or ""
 */
public record ModelFacts(String device, String dtype, String kernel, String tokenizer) {

  /** Nothing is known. */
  public static final ModelFacts UNKNOWN = new ModelFacts("", "", "", "");
}

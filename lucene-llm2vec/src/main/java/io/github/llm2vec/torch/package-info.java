/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The only package that touches DJL's PyTorch engine: TorchScript text to module, tensors in and
 * out, dtypes and devices. It must not know of texts, tokenizers or Lucene.
 *
 * <p>Shape letters used throughout: <b>B</b> texts in a batch, <b>S</b> padded length, <b>T</b>
 * tokens of a packed batch, <b>H</b> hidden size, <b>I</b> intermediate size, <b>N</b> query heads,
 * <b>K</b> key and value heads, <b>D</b> head size, <b>V</b> vocabulary, <b>L</b> layers, <b>P</b>
 * pooled tokens, <b>R</b> LoRA rank.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.torch;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

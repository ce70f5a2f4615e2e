/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Learns a byte-level BPE tokenizer from texts and writes it as Hugging Face's files. It knows
 * nothing of models and of training beyond tokens.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.mini.tokenizer;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

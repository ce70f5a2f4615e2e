/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The GGUF file format: header, quantised blocks, and what its metadata say about model and
 * tokenizer, in the words of Hugging Face's files. It must not know how a checkpoint is put
 * together.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.gguf;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

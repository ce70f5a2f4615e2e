/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Text to token ids as Hugging Face's fast tokenizers give them, from files that are not trusted.
 * One class here is the only one that names the native library. It must not know what ids are for.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.tokenizer;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

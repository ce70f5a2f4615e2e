/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Decoder-only transformers as data: config.json, the table of architectures, rotary embeddings,
 * and the names and shapes of a decoder's tensors. It must not know how a model is run.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.decoder;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

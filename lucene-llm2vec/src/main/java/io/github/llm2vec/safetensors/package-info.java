/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tensors on disk: safetensors files, single or cut into shards, their element types, and the
 * source that all readers of weights share. It must not know which tensors a model has.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.safetensors;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

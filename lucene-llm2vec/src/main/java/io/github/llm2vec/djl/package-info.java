/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What both users of DJL, the PyTorch engine and the tokenizers, need before its first class is
 * loaded. It names no class of DJL and must not know what is loaded.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.djl;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PEFT's LoRA adapters: their configuration, their tensors, what they add to which weight, and
 * writing them. It must not know where an adapter is found.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.lora;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

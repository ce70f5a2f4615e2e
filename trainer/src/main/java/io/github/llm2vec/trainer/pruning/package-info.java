/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Makes a smaller model of a larger one, as the start of a student: its first layers, and the part
 * of its vocabulary that some texts use. It must not know of training.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.pruning;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Word tasks: a linear head is trained on the states of a frozen model and tested. The model is
 * only asked for states; heads and their use are {@code encoder}'s.
 *
 * <p>Symbols: <b>N</b> labelled words of a batch, <b>H</b> hidden size, <b>L</b> labels.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.wordtask;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

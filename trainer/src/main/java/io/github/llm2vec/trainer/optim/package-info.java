/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How many updates a run has, when they happen and with which learning rate. It knows nothing of
 * tensors, models or data.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.optim;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

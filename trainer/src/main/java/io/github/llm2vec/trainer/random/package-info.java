/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The random numbers of Python and of PyTorch's CPU generator, number for number, so that shuffles
 * and masks can be compared with upstream's. It knows nothing of data or models.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.random;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

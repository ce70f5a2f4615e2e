/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How good a ranking, a list of similarities or a difference between two systems is. Plain numbers
 * in, plain numbers out: nothing here knows of files, indexes or encoders.
 *
 * <p>Retrieval measures follow trec_eval, correlations and tests follow scipy.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mteb.metrics;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

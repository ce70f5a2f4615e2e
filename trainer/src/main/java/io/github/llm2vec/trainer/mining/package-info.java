/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Finds hard negatives for pairs of texts: what a search by words, or by a dense model, takes for
 * an answer and is none. Reads and writes training data; knows models as encoders only.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mining;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

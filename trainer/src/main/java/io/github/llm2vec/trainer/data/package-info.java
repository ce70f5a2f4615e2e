/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Training data as it lies on disk: texts, triples and sentences of words, read as streams of
 * bounded memory, put in a random order without being held, and read ahead of the training thread.
 * It must not know of tokens, models or objectives.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.data;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

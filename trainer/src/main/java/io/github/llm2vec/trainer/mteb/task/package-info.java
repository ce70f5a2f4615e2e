/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What is evaluated: the tasks known by name, and test collections read from disk. Whatever is
 * wrong with a collection becomes a {@link io.github.llm2vec.trainer.mteb.task.Finding}; nothing is
 * left out without one. Nothing here knows of encoders or indexes.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mteb.task;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

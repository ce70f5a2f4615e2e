/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The configuration files of training as records: upstream's and Hugging Face's keys, their
 * defaults, overrides from a command line, and every contradiction refused before anything is
 * loaded. It must not know how training is done.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.config;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

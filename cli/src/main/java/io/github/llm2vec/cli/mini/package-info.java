/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The commands with which the model {@code mini} was made: {@code tokenizer} and {@code recipe}.
 * Nothing else may need them.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.mini;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

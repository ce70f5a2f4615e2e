/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Opening the model that a command line names, and the commands about models themselves: {@code
 * inspect}, {@code merge} and {@code benchmark}. It must not know what is done with vectors.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.model;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

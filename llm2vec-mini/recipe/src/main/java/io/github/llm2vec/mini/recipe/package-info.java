/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Makes training data of free sources: dictionaries, documentation, descriptions of programs. Reads
 * files and writes files; knows nothing of models.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.mini.recipe;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

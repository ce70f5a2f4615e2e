/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The commands {@code encode} and {@code compare}: texts to vectors in a file, resumable, and
 * vectors beside vectors. It must not know of indexes.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.encode;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

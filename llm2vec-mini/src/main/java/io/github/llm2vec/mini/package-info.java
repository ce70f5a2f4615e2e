/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The mini model: an ordinary checkpoint as resources, and what unpacks it into a folder. It must
 * not know what is in the files.
 */
@API(status = API.Status.EXPERIMENTAL)
@NullMarked
package io.github.llm2vec.mini;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

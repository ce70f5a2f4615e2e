/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Files of a model that somebody else wrote: the folder and the fence around it, JSON of bounded
 * size, content hashes, and the exceptions that say what is wrong with a file and what to do. It
 * must not know what any of these files means.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.files;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

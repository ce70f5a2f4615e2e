/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Vectors as Solr's documents hold them: as lists of numbers, as stored copies in bytes, and left
 * out of messages. It must not know of models or updates.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.update.vector;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

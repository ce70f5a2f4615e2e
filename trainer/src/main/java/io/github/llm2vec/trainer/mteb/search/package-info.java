/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Finds documents for queries in every way that is compared: exactly, by Lucene's vector graphs, by
 * words, and by fusions of these. Vectors stay on disk. Documents and queries are numbers here;
 * their ids are the business of others.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mteb.search;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

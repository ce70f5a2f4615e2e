/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The models of the vectors that updates bring: each request claims them, and what other nodes send
 * is checked. It must not know how vectors are made.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.update.identity;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Query texts become nearest-neighbour queries here, each text encoded once per request, in a
 * cluster too. It must not know where its settings come from.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.query;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

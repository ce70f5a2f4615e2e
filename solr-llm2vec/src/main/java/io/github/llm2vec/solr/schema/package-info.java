/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the plugin asks of a schema and of an index: that a field can take the vectors of a model,
 * what stands beside it, and whose vectors are there already. It must not know how vectors come
 * about.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.schema;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

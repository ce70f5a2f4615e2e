/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The change of the model of a live collection, measured: a SolrCloud cluster of real nodes under
 * queries and updates, whose processes are killed on the way, and a look at every vector in the
 * end. It knows nothing of the command that it runs but its arguments and exit codes.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.benchmarks.reembed;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One encoder shared by many callers: a queue with a lane for queries and one for documents,
 * batches sized in milliseconds of the device, back-pressure, deadlines, a cache of query vectors,
 * metrics. It talks to an encoder through {@link io.github.llm2vec.encoder.BatchModel} and knows
 * nothing of Lucene, Solr or tensors.
 */
@API(status = API.Status.STABLE)
@NullMarked
package io.github.llm2vec.serving;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

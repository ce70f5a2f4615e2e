/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which texts the next batch holds, and what it is going to cost: policies and a cost model as
 * plain objects, without threads or clocks. Internal: no public API. It must not know of the queue.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.serving.batching;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

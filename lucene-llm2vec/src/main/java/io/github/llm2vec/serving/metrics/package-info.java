/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a service has done: counters, rates and histograms, recorded by the queue and read as {@link
 * io.github.llm2vec.serving.metrics.ServingMetrics}. It must not know of the queue.
 */
@API(status = API.Status.STABLE)
@NullMarked
package io.github.llm2vec.serving.metrics;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

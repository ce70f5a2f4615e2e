/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What of a run lies on disk, so that it can go on after any end: folders that are there completely
 * or not at all. It must not know of data, objectives or the engine.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.checkpoint;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

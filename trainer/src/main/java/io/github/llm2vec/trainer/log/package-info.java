/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a run tells of itself: figures as lines of JSON, for TensorBoard, and as a page of curves.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.log;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

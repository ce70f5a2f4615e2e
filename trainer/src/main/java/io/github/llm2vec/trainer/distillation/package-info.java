/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What distillation learns from: a teacher's vectors on disk, and batches that join them with the
 * texts that a student reads. It must not know of losses, gradients or the training loop.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.distillation;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

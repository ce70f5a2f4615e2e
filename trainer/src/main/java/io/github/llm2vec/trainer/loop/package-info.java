/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Training: batches become gradients of a model, gradients become updates. {@link
 * io.github.llm2vec.trainer.loop.TrainingLoop} is the loop itself; {@link
 * io.github.llm2vec.trainer.loop.TrainingRuns} makes one of a configuration. Only {@code
 * TorchTrainableModel} knows the engine.
 */
@API(status = API.Status.INTERNAL)
package io.github.llm2vec.trainer.loop;

import org.apiguardian.api.API;

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The training loop: batches become gradients of a model, gradients become updates. {@link
 * io.github.llm2vec.trainer.loop.Trainer} is the loop, {@link
 * io.github.llm2vec.trainer.loop.TrainingContext} what a run is given, and {@link
 * io.github.llm2vec.trainer.loop.TrainingRuns} makes a run of a configuration. Only {@code
 * TrainableDecoder} and {@code BaseModel} know the engine.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.loop;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;

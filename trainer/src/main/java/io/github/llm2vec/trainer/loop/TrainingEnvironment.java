/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.torch.LoadListener;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What a run uses of the world around it.
 *
 * @param models where models may be looked for; datasets are looked for in the same hub cache
 * @param loading told how far the loading of the model is
 * @param listeners told what happens
 * @param stop whether to stop at the next safe place
 * @param tokenizerThreads threads that tokenize
 */
public record TrainingEnvironment(
    ResolverOptions models,
    LoadListener loading,
    List<TrainerCallback> listeners,
    BooleanSupplier stop,
    int tokenizerThreads) {

  /** Copies the list. */
  public TrainingEnvironment {
    listeners = List.copyOf(listeners);
  }
}

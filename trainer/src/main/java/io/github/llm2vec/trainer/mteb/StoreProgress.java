/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.search.VectorStoreBuilder;

/**
 * Hands the progress of a store of vectors on to the listener of an evaluation.
 *
 * @param listener who is told
 * @param task whose texts are encoded
 * @param what they are
 * @param total how many there are
 */
record StoreProgress(EvaluationListener listener, EvaluationTask task, String what, int total)
    implements VectorStoreBuilder.Listener {

  @Override
  public void stored(int vectors, boolean encoded) {
    listener.encoded(task, what, vectors, total, encoded);
  }

  @Override
  public void encoded(int vectors) {
    listener.encoded(task, what, vectors, total, true);
  }
}

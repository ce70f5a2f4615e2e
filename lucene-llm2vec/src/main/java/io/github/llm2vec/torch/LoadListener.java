/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import org.apiguardian.api.API;

/** Listener for the progress of loading a model. */
@API(status = API.Status.STABLE)
@FunctionalInterface
public interface LoadListener {

  /** Tells nobody. */
  LoadListener NONE = (done, all) -> {};

  /**
   * Called on the loading thread after every weight.
   *
   * @param done weights loaded so far
   * @param all weights to load
   */
  void loaded(int done, int all);
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.time.Duration;

/** Lets time go by before something is tried again. */
@FunctionalInterface
interface Pause {

  /** Waits for so long. */
  void take(Duration length) throws InterruptedException;
}

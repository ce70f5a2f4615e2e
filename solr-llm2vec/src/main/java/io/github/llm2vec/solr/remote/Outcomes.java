/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.solr.remote.NodeTransport.NodeFailedException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Reads the outcome of calls that have ended. */
final class Outcomes {

  private Outcomes() {}

  /**
   * The reply of a call.
   *
   * @param call one that is done
   * @throws NodeFailedException if there is none
   */
  static NodeReply of(Future<NodeReply> call) throws NodeFailedException {
    try {
      return call.get();
    } catch (CancellationException e) {
      throw new NodeFailedException("it did not answer in time, or was started anew", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof NodeFailedException failed) {
        throw failed;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new NodeFailedException(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("waited for a call that had ended; this is a bug", e);
    }
  }
}

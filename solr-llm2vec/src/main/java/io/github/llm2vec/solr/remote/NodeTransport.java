/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.solr.remote.NodeSource.NodeAddress;

/** Brings a call to a node and its reply back; blocks meanwhile, until it is interrupted. */
@FunctionalInterface
interface NodeTransport {

  /** A node did not answer, or not with a reply. */
  final class NodeFailedException extends Exception {
    private static final long serialVersionUID = 1;

    NodeFailedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Calls a node.
   *
   * @throws NodeFailedException if there is no reply, and why
   */
  NodeReply call(NodeAddress node, NodeCall call) throws NodeFailedException;
}

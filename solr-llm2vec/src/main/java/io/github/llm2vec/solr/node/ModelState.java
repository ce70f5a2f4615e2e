/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

/** Lifecycle state of a declared model. */
public enum ModelState {
  /** No core has asked for it, or the last one has gone. */
  IDLE,
  /** Being opened in the background. */
  LOADING,
  /** Open; it encodes. */
  READY,
  /** Other nodes have it, and none of them encodes at the moment. */
  UNREACHABLE,
  /** It could not be opened; a core that asks anew, by a reload for instance, tries again. */
  FAILED
}

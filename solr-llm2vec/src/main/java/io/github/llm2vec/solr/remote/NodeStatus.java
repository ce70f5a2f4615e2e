/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

/**
 * An encoder node as this node sees it, for operators.
 *
 * @param node its name, or its address where there is no cluster
 * @param state what is known of it
 * @param reason why it is not used, or ""
 * @param identity of its model, or "" if it has none
 * @param underWay calls that wait for its answer
 * @param queries query texts that it has encoded for this node
 * @param documents document texts likewise
 * @param failedCalls calls that it did not answer, which went to another node
 * @param load of its queue when it last told
 */
public record NodeStatus(
    String node,
    State state,
    String reason,
    String identity,
    int underWay,
    long queries,
    long documents,
    long failedCalls,
    ServedModel.Load load) {

  /** What is known of a node. */
  public enum State {
    /** It encodes for this node. */
    SERVING,
    /** Its model is another one than the one in use. */
    OTHER_MODEL,
    /** It answers and has no such model open. */
    NOT_SERVING,
    /** It does not answer. */
    SILENT,
    /** It has not been asked yet. */
    UNSEEN
  }
}

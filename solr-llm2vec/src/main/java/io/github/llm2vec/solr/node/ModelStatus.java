/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.remote.NodeStatus;
import java.util.List;
import java.util.Optional;

/**
 * Status of a declared model, for operators.
 *
 * @param declaration what was asked for
 * @param state how far it is
 * @param failure why it could not be opened, or not be opened anew, or ""
 * @param dimensions width of its vectors, or 0 while it is not open
 * @param fingerprint identity of its vectors, or "" while it is not open
 * @param facts what it runs on
 * @param cores how many cores hold it
 * @param openModels how many encoders of it are in memory: two for a while when it is reloaded
 * @param counts what it has done since the node knows it
 * @param reload the last one, if there was any
 * @param queue metrics of its queue, if it is open on this node
 * @param nodes that may encode for this one
 * @param served what this node has encoded for others
 * @param adapters beside the model that are open on this node
 */
public record ModelStatus(
    ModelDeclaration declaration,
    ModelState state,
    String failure,
    int dimensions,
    String fingerprint,
    ModelFacts facts,
    int cores,
    int openModels,
    ModelCounters counts,
    Optional<Reload> reload,
    Optional<ServingMetrics> queue,
    List<NodeStatus> nodes,
    Served served,
    List<Adapter> adapters) {

  /** Texts that came from other nodes. */
  public record Served(long queries, long documents) {}
}

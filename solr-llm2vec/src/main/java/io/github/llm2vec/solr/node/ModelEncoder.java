/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.remote.NodeStatus;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrException;

/**
 * What encodes for the cores of a node: a model that is open here, or one that other nodes have.
 * Prompts come with the instruction that counts. Thread-safe.
 */
sealed interface ModelEncoder extends AutoCloseable permits LocalEncoder, RemoteEncoder {

  /** Identity of its vectors; empty while no node was found that has the model. */
  Optional<EncoderIdentity> identity();

  /** The adapters beside the model that are open on this node, by name. */
  List<Adapter> adaptersHere();

  /** Why it cannot encode at the moment, or "". */
  String problem();

  /**
   * Waits until it can encode.
   *
   * @throws SolrException 503 if it cannot after so long
   */
  void awaitReady(Duration patience);

  /** What the model runs on, as far as this node knows. */
  ModelFacts facts();

  /** See {@code EncoderService.encodeEach}. */
  List<EncodingResult> encodeDocuments(List<String> texts, Prompt prompt, EncoderIdentity expected);

  /** See {@code EncoderService.encodeWithin}. */
  float[] encodeQuery(String text, Prompt prompt, EncoderIdentity expected, Duration patience);

  /** See {@code TextEncoder.tokenSpans}. */
  Optional<TokenSpans> tokenSpans(String text, EncoderIdentity expected);

  /** What it has done. */
  ModelCounters counters();

  /** Its queue on this node, if it has one. */
  Optional<ServingMetrics> queue();

  /** The nodes that encode for this one, if there are such. */
  List<NodeStatus> nodes();

  /** Frees what it holds; who waits for it is told so. */
  @Override
  void close();
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.remote.ModelIdentity;
import io.github.llm2vec.solr.remote.NodeStatus;
import io.github.llm2vec.solr.remote.ServedModel;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A model that is open on this node, behind its queue.
 *
 * @param declaration by which it was opened
 * @param service which it owns
 */
record LocalEncoder(ModelDeclaration declaration, EncoderService service) implements ModelEncoder {

  /** What shapes its vectors. */
  EncoderIdentity here() {
    return new EncoderIdentity(
        declaration,
        new ModelIdentity(
            service.fingerprint(),
            service.dimensions(),
            facts().dtype(),
            facts().tokenizer(),
            declaration.normalize(),
            declaration.pooling(),
            declaration.queryInstruction(),
            declaration.documentInstruction(),
            service.adapters().stream()
                .collect(Collectors.toMap(Adapter::name, Adapter::fingerprint))),
        "",
        "");
  }

  @Override
  public Optional<EncoderIdentity> identity() {
    return Optional.of(here());
  }

  @Override
  public List<Adapter> adaptersHere() {
    return service.adapters();
  }

  @Override
  public String problem() {
    return "";
  }

  @Override
  public void awaitReady(Duration patience) {
    // It has been since it was opened.
  }

  @Override
  public ModelFacts facts() {
    return service.facts();
  }

  @Override
  public List<EncodingResult> encodeDocuments(
      List<String> texts, Prompt prompt, EncoderIdentity expected) {
    return service.encodeEach(texts, prompt, expected.adapter());
  }

  @Override
  public float[] encodeQuery(
      String text, Prompt prompt, EncoderIdentity expected, Duration patience) {
    return service.encodeWithin(text, prompt, expected.adapter(), patience);
  }

  @Override
  public Optional<TokenSpans> tokenSpans(String text, EncoderIdentity expected) {
    return service.tokenSpans(text);
  }

  @Override
  public ModelCounters counters() {
    return ModelCounters.of(service.metrics());
  }

  @Override
  public Optional<ServingMetrics> queue() {
    return Optional.of(service.metrics());
  }

  @Override
  public List<NodeStatus> nodes() {
    return List.of();
  }

  /** How busy it is, for nodes that may choose. */
  ServedModel.Load load() {
    ServingMetrics metrics = service.metrics();
    // What a token takes where several devices take turns.
    double millis =
        metrics.sizing().cost().millisPerToken()
            / Math.max(1, metrics.devices().size() - metrics.failedDevices());
    return new ServedModel.Load(
        millis * metrics.queries().tokens(),
        millis * (metrics.queries().tokens() + metrics.documents().tokens()),
        millis);
  }

  /** Whether any of its devices works. */
  boolean works() {
    ServingMetrics metrics = service.metrics();
    return metrics.devices().isEmpty() || metrics.failedDevices() < metrics.devices().size();
  }

  @Override
  public void close() {
    service.close();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.serving.TextKey;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.remote.NodeCallException;
import io.github.llm2vec.solr.remote.NodeStatus;
import io.github.llm2vec.solr.remote.RemoteModel;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A model that other nodes have. Vectors of queries are kept on this one. If the model is here as
 * well, it encodes what no node takes.
 */
final class RemoteEncoder implements ModelEncoder {

  private final ModelDeclaration declaration;
  private final RemoteModel nodes;
  private final Optional<LocalEncoder> local;
  private final QueryVectorCache queryVectors;

  private final LongAdder documents = new LongAdder();
  private final LongAdder queries = new LongAdder();
  private final LongAdder cachedQueries = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder overloaded = new LongAdder();
  private final LongAdder late = new LongAdder();

  /**
   * An encoder that owns what it is given but the cache.
   *
   * @param local the same model on this node, if it is here
   */
  RemoteEncoder(
      ModelDeclaration declaration,
      RemoteModel nodes,
      Optional<LocalEncoder> local,
      QueryVectorCache queryVectors) {
    this.declaration = declaration;
    this.nodes = nodes;
    this.local = local;
    this.queryVectors = queryVectors;
  }

  @Override
  public Optional<EncoderIdentity> identity() {
    return local.isPresent()
        ? local.map(LocalEncoder::here)
        : nodes
            .identity()
            .map(served -> EncoderIdentity.of(declaration, served, nodes.nodeNames()));
  }

  @Override
  public List<Adapter> adaptersHere() {
    return local.map(LocalEncoder::adaptersHere).orElse(List.of());
  }

  @Override
  public String problem() {
    return local.isPresent() || nodes.isServed()
        ? ""
        : "no node encodes for it: " + nodes.explain();
  }

  @Override
  public void awaitReady(Duration patience) {
    if (local.isEmpty()) {
      try {
        nodes.await(patience);
      } catch (NodeCallException e) {
        throw ServingErrors.translate(declaration.name(), e);
      }
    }
  }

  @Override
  public ModelFacts facts() {
    return local
        .map(LocalEncoder::facts)
        .or(
            () ->
                nodes
                    .identity()
                    .map(served -> new ModelFacts("", served.dtype(), "", served.tokenizer())))
        .orElse(ModelFacts.UNKNOWN);
  }

  @Override
  public List<EncodingResult> encodeDocuments(
      List<String> texts, Prompt prompt, EncoderIdentity expected) {
    return elsewhereOrHere(
        () -> {
          List<EncodingResult> results =
              nodes.encodeDocuments(texts, prompt, expected.model(), expected.adapter());
          long good = results.stream().filter(EncodingResult.Encoded.class::isInstance).count();
          documents.add(good);
          failed.add(results.size() - good);
          return results;
        },
        encoder -> encoder.encodeDocuments(texts, prompt, expected));
  }

  @Override
  public float[] encodeQuery(
      String text, Prompt prompt, EncoderIdentity expected, Duration patience) {
    // The dtype, too: nodes with another one may come into use under the same fingerprint.
    String model = expected.fingerprint() + " " + expected.dtype() + " " + expected.tokenizer();
    TextKey key = new TextKey(prompt, text);
    Optional<float[]> known = queryVectors.get(model, key);
    if (known.isPresent()) {
      cachedQueries.increment();
      return known.get();
    }
    float[] vector =
        elsewhereOrHere(
            () -> {
              float[] encoded =
                  nodes.encodeQuery(text, prompt, expected.model(), expected.adapter(), patience);
              queries.increment();
              return encoded;
            },
            encoder -> encoder.encodeQuery(text, prompt, expected, patience));
    queryVectors.put(model, key, vector);
    return vector;
  }

  @Override
  public Optional<TokenSpans> tokenSpans(String text, EncoderIdentity expected) {
    return local.isPresent()
        ? local.get().tokenSpans(text, expected)
        : elsewhereOrHere(
            () -> nodes.tokenSpans(text, expected.model()),
            encoder -> encoder.tokenSpans(text, expected));
  }

  private <T> T elsewhereOrHere(Supplier<T> elsewhere, Function<LocalEncoder, T> here) {
    try {
      return elsewhere.get();
    } catch (NodeCallException e) {
      boolean mayBeHere =
          e.reason() == NodeCallException.Reason.NO_NODE
              || e.reason() == NodeCallException.Reason.OVERLOADED;
      if (mayBeHere && local.isPresent()) {
        return here.apply(local.get());
      }
      failed.increment();
      if (e.reason() == NodeCallException.Reason.OVERLOADED) {
        overloaded.increment();
      }
      if (e.reason() == NodeCallException.Reason.LATE) {
        late.increment();
      }
      throw e;
    }
  }

  @Override
  public ModelCounters counters() {
    ModelCounters elsewhere =
        new ModelCounters(
            documents.sum(),
            queries.sum(),
            cachedQueries.sum(),
            failed.sum(),
            0,
            0,
            overloaded.sum(),
            late.sum(),
            0);
    return local.map(encoder -> encoder.counters().plus(elsewhere)).orElse(elsewhere);
  }

  @Override
  public Optional<ServingMetrics> queue() {
    return local.flatMap(LocalEncoder::queue);
  }

  @Override
  public List<NodeStatus> nodes() {
    return nodes.status();
  }

  @Override
  public void close() {
    nodes.close();
    local.ifPresent(LocalEncoder::close);
  }
}

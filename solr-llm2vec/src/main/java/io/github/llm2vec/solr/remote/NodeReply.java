/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a node answers to a {@link NodeCall}. */
public sealed interface NodeReply {

  /**
   * To {@link NodeCall.ListModels}.
   *
   * @param models those that are open
   * @param start an identifier that the node drew when it started, "" of a release that draws none
   */
  record Models(List<ServedModel> models, String start) implements NodeReply {}

  /**
   * To {@link NodeCall.Encode}.
   *
   * @param results one per text, in their order
   */
  record Vectors(List<EncodingResult> results, ServedModel.Load load) implements NodeReply {}

  /** To {@link NodeCall.Tokenize}; empty if the encoder does not tell. */
  record Tokens(Optional<TokenSpans> tokens) implements NodeReply {}

  /**
   * There is no answer now.
   *
   * @param retryAfter when to come back; zero if that is not known
   */
  record Refused(Refusal reason, String message, Duration retryAfter) implements NodeReply {}

  /** Why a node gives no vectors. */
  enum Refusal {
    /** It has no such model, or not yet, or no more. */
    NOT_SERVED,
    /** The model is another one than was asked for. */
    OTHER_MODEL,
    /** Too many queries wait there. */
    OVERLOADED,
    /** The time that the query allows is over, or would be. */
    LATE
  }

  /** The reply as a map that Solr's response writers can write. */
  default Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (this instanceof Models models) {
      map.put("models", models.models.stream().map(ServedModel::toMap).toList());
      map.put("start", models.start);
    } else if (this instanceof Vectors vectors) {
      map.put("results", vectors.results.stream().map(NodeReply::write).toList());
      map.put("load", vectors.load.toMap());
    } else if (this instanceof Tokens tokens) {
      map.put("tokens", tokens.tokens.map(NodeReply::write).orElse(Map.of()));
    } else if (this instanceof Refused refused) {
      map.put("refused", refused.reason.name());
      map.put("message", refused.message);
      map.put("retryAfter", refused.retryAfter.toMillis());
    }
    return map;
  }

  private static Object write(EncodingResult result) {
    if (result instanceof EncodingResult.Encoded encoded) {
      return Message.bytes(encoded.vector());
    }
    RuntimeException cause = ((EncodingResult.Failed) result).cause();
    return Map.of(
        "message",
        Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName()),
        "faultOfTheText",
        cause instanceof IllegalArgumentException
            || cause.getCause() instanceof IllegalArgumentException);
  }

  private static Map<String, Object> write(TokenSpans tokens) {
    int[] starts = new int[tokens.size()];
    int[] ends = new int[tokens.size()];
    for (int i = 0; i < tokens.size(); i++) {
      starts[i] = tokens.start(i);
      ends[i] = tokens.end(i);
    }
    return Map.of(
        "ids",
        Message.bytes(tokens.ids()),
        "starts",
        Message.bytes(starts),
        "ends",
        Message.bytes(ends));
  }

  /**
   * Reads what {@link #toMap} wrote.
   *
   * @param node that wrote it, for messages
   * @throws IllegalArgumentException if it is something else
   */
  static NodeReply of(Object reply, String node) {
    Message map = Message.of(reply);
    if (map.values().containsKey("refused")) {
      return new Refused(
          Refusal.valueOf(map.text("refused")),
          map.text("message"),
          Duration.ofMillis(map.number("retryAfter")));
    }
    if (map.values().containsKey("results")) {
      List<EncodingResult> results = new ArrayList<>();
      map.list("results").forEach(result -> results.add(result(result, node)));
      return new Vectors(results, ServedModel.Load.of(map.map("load")));
    }
    if (map.values().containsKey("tokens")) {
      Message tokens = map.map("tokens");
      return new Tokens(
          tokens.values().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  TokenSpans.of(
                      tokens.integers("ids"), tokens.integers("starts"), tokens.integers("ends"))));
    }
    List<ServedModel> models = new ArrayList<>();
    map.list("models").forEach(model -> models.add(ServedModel.of(Message.of(model))));
    return new Models(models, map.values().containsKey("start") ? map.text("start") : "");
  }

  private static EncodingResult result(Object result, String node) {
    if (result instanceof byte[] vector) {
      return new EncodingResult.Encoded(Message.floats(vector));
    }
    Message failed = Message.of(result);
    String message = "on node %s: %s".formatted(node, failed.text("message"));
    return new EncodingResult.Failed(
        failed.flag("faultOfTheText")
            ? new IllegalArgumentException(message)
            : new IllegalStateException(message));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.serving.OverloadedException;
import io.github.llm2vec.solr.remote.ModelIdentity;
import io.github.llm2vec.solr.remote.NodeCall;
import io.github.llm2vec.solr.remote.NodeReply;
import io.github.llm2vec.solr.remote.NodeReply.Refusal;
import io.github.llm2vec.solr.remote.NodeReply.Refused;
import io.github.llm2vec.solr.remote.ServedModel;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/**
 * Answers other nodes from the models that are open here. Their texts stand in the same queue as
 * those of this node, by role.
 *
 * @param find a model by its name
 * @param all models that somebody has asked for
 */
record ServedModels(
    Function<String, Optional<ModelHandle>> find, Supplier<Collection<ModelHandle>> all) {

  NodeReply answer(NodeCall call) {
    if (call instanceof NodeCall.Encode encode) {
      return with(encode.model(), encode.identity(), model -> encode(model, encode));
    }
    if (call instanceof NodeCall.Tokenize tokenize) {
      return with(
          tokenize.model(),
          tokenize.identity(),
          model -> new NodeReply.Tokens(model.tokenSpans(tokenize.text(), model.identity())));
    }
    return new NodeReply.Models(
        all.get().stream().map(ModelHandle::served).flatMap(Optional::stream).toList(), "");
  }

  private NodeReply with(
      String name, ModelIdentity wanted, Function<ModelHandle, NodeReply> answer) {
    Optional<ModelHandle> model = find.apply(name);
    Optional<ServedModel> served = model.flatMap(ModelHandle::served);
    if (model.isEmpty() || served.isEmpty()) {
      return refused(
          Refusal.NOT_SERVED, "model '" + name + "' does not encode here", Duration.ZERO);
    }
    if (!served.get().identity().givesTheVectorsOf(wanted)) {
      return refused(
          Refusal.OTHER_MODEL,
          "model '%s' was asked for as that of %s, but here it is that of %s"
              .formatted(name, wanted, served.get().identity()),
          Duration.ZERO);
    }
    try {
      return answer.apply(model.get());
    } catch (SolrException e) {
      return refused(reason(e), String.valueOf(e.getMessage()), retryAfter(e));
    }
  }

  private static Refused refused(Refusal reason, String message, Duration retryAfter) {
    return new Refused(reason, message, retryAfter);
  }

  private static Refusal reason(SolrException failure) {
    if (ServingErrors.isLate(failure)) {
      return Refusal.LATE;
    }
    if (failure.code() == ErrorCode.TOO_MANY_REQUESTS.code) {
      return Refusal.OVERLOADED;
    }
    return failure.code() == ErrorCode.CONFLICT.code ? Refusal.OTHER_MODEL : Refusal.NOT_SERVED;
  }

  private static Duration retryAfter(SolrException failure) {
    return failure.getCause() instanceof OverloadedException e ? e.retryAfter() : Duration.ZERO;
  }

  private static NodeReply encode(ModelHandle model, NodeCall.Encode call) {
    EncoderIdentity expected = model.identity(call.adapter());
    Prompt prompt = call.prompt();
    List<EncodingResult> results =
        prompt.role() == Role.QUERY
            ? List.of(query(model, call, expected))
            : model.encodeDocuments(call.texts(), prompt, expected);
    model.countServed(prompt.role(), results.size());
    return new NodeReply.Vectors(
        results, model.served().map(ServedModel::load).orElse(ServedModel.Load.UNKNOWN));
  }

  private static EncodingResult query(
      ModelHandle model, NodeCall.Encode call, EncoderIdentity expected) {
    try {
      return new EncodingResult.Encoded(
          model.encodeQuery(call.texts().get(0), call.prompt(), expected, call.patience()));
    } catch (SolrException e) {
      throw e;
    } catch (RuntimeException e) {
      return new EncodingResult.Failed(e);
    }
  }
}

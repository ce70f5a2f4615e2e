/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.solr.remote.NodeSource.NodeAddress;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** One node in the {@link NodeTable}, whose lock guards everything in it but the address. */
final class EncoderNode {

  /** What a look at a node has shown. */
  sealed interface Sight {
    /** Nothing yet. */
    record Unseen() implements Sight {}

    /** It has the model. */
    record Serving(ServedModel model) implements Sight {}

    /** It has not. */
    record NotServing(String why) implements Sight {}

    /**
     * It does not answer.
     *
     * @param last what it served when it did
     */
    record Silent(String why, Optional<ModelIdentity> last) implements Sight {}
  }

  final NodeAddress address;
  Sight sight = new Sight.Unseen();

  /** When it is to be looked at again, and the look that is under way. */
  long lookAt;

  @Nullable Future<?> look;
  long lookBegan;
  int failedLooks;

  /** Which start of the node the last look has shown. */
  String start = "";

  /** The calls that wait for its answer, and when they began. */
  final Map<FutureTask<NodeReply>, Long> underWay = new HashMap<>();

  final Map<Role, Long> tokensUnderWay = new EnumMap<>(Role.class);
  final Map<Role, Long> texts = new EnumMap<>(Role.class);
  long failedCalls;

  EncoderNode(NodeAddress address, long now) {
    this.address = address;
    this.lookAt = now;
  }

  /**
   * Gives calls up; whoever waits for them asks this node again, or another one.
   *
   * @param begun which, by when they began
   */
  void giveUp(LongPredicate begun) {
    Map.copyOf(underWay)
        .forEach(
            (call, began) -> {
              if (begun.test(began) && call.cancel(true)) {
                failedCalls++;
              }
            });
  }

  Optional<ServedModel> served() {
    return sight instanceof Sight.Serving serving ? Optional.of(serving.model()) : Optional.empty();
  }

  /** Whether it has a model that gives such vectors and answers. */
  boolean serves(ModelIdentity wanted) {
    return served().filter(model -> model.identity().givesTheVectorsOf(wanted)).isPresent();
  }

  /** Whether it serves such a model or did until it fell silent. */
  boolean belongsTo(ModelIdentity wanted) {
    return serves(wanted)
        || (sight instanceof Sight.Silent silent
            && silent.last().filter(last -> last.givesTheVectorsOf(wanted)).isPresent());
  }

  Optional<ModelIdentity> lastIdentity() {
    return sight instanceof Sight.Silent silent
        ? silent.last()
        : served().map(ServedModel::identity);
  }

  /** By estimate, how long a text would wait here; what is on its way counts, too. */
  double expectedMillis(Role lane) {
    ServedModel.Load load = served().map(ServedModel::load).orElse(ServedModel.Load.UNKNOWN);
    long tokens = tokensUnderWay.getOrDefault(Role.QUERY, 0L);
    if (lane == Role.DOCUMENT) {
      tokens += tokensUnderWay.getOrDefault(Role.DOCUMENT, 0L);
    }
    return (lane == Role.QUERY ? load.queryMillis() : load.documentMillis())
        + tokens * Math.max(load.millisPerToken(), 1e-6);
  }

  NodeStatus status(Optional<ModelIdentity> inUse) {
    NodeStatus.State state = NodeStatus.State.UNSEEN;
    String why = "";
    if (sight instanceof Sight.Serving) {
      boolean used = inUse.filter(this::serves).isPresent();
      state = used ? NodeStatus.State.SERVING : NodeStatus.State.OTHER_MODEL;
      if (!used) {
        why = "the model in use here is of " + inUse.map(ModelIdentity::toString).orElse("none");
      }
    } else if (sight instanceof Sight.NotServing not) {
      state = NodeStatus.State.NOT_SERVING;
      why = not.why();
    } else if (sight instanceof Sight.Silent silent) {
      state = NodeStatus.State.SILENT;
      why = silent.why();
    }
    return new NodeStatus(
        address.name(),
        state,
        why,
        lastIdentity().map(ModelIdentity::toString).orElse(""),
        underWay.size(),
        texts.getOrDefault(Role.QUERY, 0L),
        texts.getOrDefault(Role.DOCUMENT, 0L),
        failedCalls,
        served().map(ServedModel::load).orElse(ServedModel.Load.UNKNOWN));
  }
}

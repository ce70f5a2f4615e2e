/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.torch.BatchInputs.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * The copies of a model that train together, one per device. The first is the one that is updated:
 * gradients of the others are added to its own, and its new values handed to them, when they are
 * needed. Owns the copies. Calls must not overlap, see {@link #together}.
 */
final class Replicas implements AutoCloseable {

  private final List<TrainingModule> copies = new ArrayList<>();
  private final TrainDevices devices;
  private final ExecutorService others;
  private boolean apart; // gradients of others are not added yet
  private boolean outdated; // values of others are those before an update

  private Replicas(TrainDevices devices) {
    this.devices = devices;
    this.others =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "llm2vec-replica");
              thread.setDaemon(true);
              thread.setContextClassLoader(Replicas.class.getClassLoader());
              return thread;
            });
  }

  static Replicas open(
      DecoderSpec spec, CheckpointWeights weights, TrainOptions options, LoadListener listener)
      throws IOException {
    Replicas replicas = new Replicas(options.devices());
    try {
      replicas.copies.add(TrainingModule.open(spec, weights, options, listener));
      for (int copy = 1; copy < options.devices().list().size(); copy++) {
        replicas.copies.add(replicas.first().replicate(spec, options, copy));
      }
      return replicas;
    } catch (IOException | RuntimeException | Error e) {
      replicas.close();
      throw e;
    }
  }

  /** The copy that is updated. */
  TrainingModule first() {
    return copies.get(0);
  }

  /** Makes calls that no other caller's come between. */
  <T> T together(Supplier<T> calls) {
    return first().together(calls);
  }

  /** Divides a batch among the copies, or what it was cut into already, in order. */
  List<List<Part>> divide(List<PackedBatch> batches, DropoutSeeds seeds) {
    List<Part> parts = seeds.seed(batches.size() == 1 ? divide(batches.get(0)) : batches);
    List<List<Part>> shares = new ArrayList<>();
    if (parts.size() <= copies.size()) {
      parts.forEach(part -> shares.add(List.of(part)));
    } else {
      int[] tokens = parts.stream().mapToInt(part -> part.batch().tokens()).toArray();
      int[] bounds = PackedBatch.bounds(tokens, copies.size());
      for (int copy = 0; copy < copies.size(); copy++) {
        if (bounds[copy] < bounds[copy + 1]) {
          shares.add(parts.subList(bounds[copy], bounds[copy + 1]));
        }
      }
    }
    apart |= shares.size() > 1;
    return shares;
  }

  /** Divides a batch among the copies, at most one part for each. */
  List<PackedBatch> divide(PackedBatch batch) {
    return batch.split(copies.size());
  }

  /** Has each copy do its share of some work at once, and gives what came of it, in order. */
  <S, T> List<T> each(List<S> shares, BiFunction<TrainingModule, S, T> work) {
    if (shares.size() > 1) {
      updateOthers();
    }
    List<CompletableFuture<T>> helpers = new ArrayList<>();
    for (int i = 1; i < shares.size(); i++) {
      TrainingModule copy = copies.get(i);
      S share = shares.get(i);
      helpers.add(CompletableFuture.supplyAsync(() -> work.apply(copy, share), others));
    }
    List<T> results = new ArrayList<>();
    try {
      results.add(work.apply(first(), shares.get(0)));
    } finally {
      // All of them, so that no device still works when this returns.
      helpers.forEach(helper -> helper.handle((done, failure) -> true).join());
    }
    for (CompletableFuture<T> helper : helpers) {
      try {
        results.add(helper.join());
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw e;
      }
    }
    return results;
  }

  /** Hands tensors of every other copy that took part to the first. */
  void gather(int shares, String give, String take) {
    copies.subList(1, shares).forEach(copy -> copy.handTo(first(), give, take));
  }

  /** Hands tensors of the first copy to every other that takes part. */
  void scatter(int shares, String give, String take) {
    copies.subList(1, shares).forEach(copy -> first().handTo(copy, give, take));
  }

  /** Adds the gradients of all copies up in the first. */
  void sumGradients() {
    together(
        () -> {
          if (apart) {
            gather(copies.size(), "gradients", "add_gradients");
            copies.subList(1, copies.size()).forEach(copy -> copy.call("zero_gradients"));
          }
          apart = false;
          return true;
        });
  }

  /** The values of the first copy have changed. */
  void updated() {
    together(() -> outdated = true);
  }

  /** Copies that share the first one's memory have its values already. */
  private void updateOthers() {
    for (int copy = 1; outdated && copy < copies.size(); copy++) {
      if (!devices.list().get(copy).equals(devices.first())) {
        first().handTo(copies.get(copy), "values", "take_values");
      }
    }
    outdated = false;
  }

  /** Forgets what a loss in parts has kept. */
  void forget() {
    copies.forEach(copy -> copy.call("forget"));
  }

  @Override
  public void close() {
    others.shutdown();
    copies.forEach(TrainingModule::close);
  }
}

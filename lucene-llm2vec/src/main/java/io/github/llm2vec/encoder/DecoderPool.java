/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.TorchDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The decoders of one model, one per device. Hands batches to whichever is free, for callers that
 * have many at once. Owns the decoders. Thread-safe.
 */
final class DecoderPool implements AutoCloseable {

  private final List<Decoder> decoders;
  private final ExecutorService others;
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * A pool.
   *
   * @param decoders at least one
   */
  DecoderPool(List<Decoder> decoders) {
    this.decoders = List.copyOf(decoders);
    this.others =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "llm2vec-batches");
              thread.setDaemon(true);
              thread.setContextClassLoader(DecoderPool.class.getClassLoader());
              return thread;
            });
  }

  /** One decoder of all, which share architecture and dtype. */
  Decoder first() {
    return decoders.get(0);
  }

  List<Decoder> all() {
    return decoders;
  }

  /** What a device is called: as PyTorch does, with a number if the processor is there twice. */
  String name(Decoder decoder) {
    List<TorchDevice> devices = decoders.stream().map(each -> each.options().device()).toList();
    return TorchDevice.names(devices).get(decoders.indexOf(decoder));
  }

  /** The names of all devices. */
  String names() {
    return String.join(", ", decoders.stream().map(this::name).toList());
  }

  /**
   * Runs batches, each on the next decoder that is free.
   *
   * @param on some of the decoders
   * @throws RuntimeException the first failure; batches that had not begun by then are not run
   */
  <B> void run(List<Decoder> on, List<B> batches, BiConsumer<Decoder, B> work) {
    AtomicInteger next = new AtomicInteger();
    Function<Decoder, Runnable> worker =
        decoder ->
            () -> {
              for (int i = next.getAndIncrement(); i < batches.size(); i = next.getAndIncrement()) {
                try {
                  work.accept(decoder, batches.get(i));
                } catch (RuntimeException | Error e) {
                  next.set(batches.size());
                  throw e;
                }
              }
            };
    // Callers with one batch each take turns.
    int first = Math.floorMod(turn.getAndIncrement(), on.size());
    List<CompletableFuture<Void>> helpers = new ArrayList<>();
    for (int i = 1; i < Math.min(on.size(), batches.size()); i++) {
      Decoder decoder = on.get((first + i) % on.size());
      helpers.add(CompletableFuture.runAsync(worker.apply(decoder), others));
    }
    try {
      worker.apply(on.get(first)).run();
    } finally {
      // All of them, so that no thread still works on the caller's texts when this returns.
      helpers.forEach(helper -> helper.handle((done, failure) -> true).join());
    }
    for (CompletableFuture<Void> helper : helpers) {
      try {
        helper.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw e;
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
    RuntimeException failed = null;
    for (Decoder decoder : decoders) {
      try {
        decoder.close();
      } catch (RuntimeException e) {
        failed = e;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.VectorIdentity;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads models in the background, one at a time: two checkpoints on their way to the device at once
 * would need the memory of both their transfers.
 */
final class ModelLoader {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  /** Finds the nodes that have a declared model. */
  @FunctionalInterface
  interface RemoteFactory {

    /**
     * An encoder that has other nodes encode; nothing is known of them yet.
     *
     * @param local the same model on this node, if it is here; the encoder owns it
     */
    RemoteEncoder open(ModelDeclaration declaration, Optional<LocalEncoder> local);
  }

  private final EncoderFactory factory;
  private final RemoteFactory remotes;
  private final Executor executor;
  private final ReentrantLock turn = new ReentrantLock(true);

  ModelLoader(EncoderFactory factory, RemoteFactory remotes, Executor executor) {
    this.factory = factory;
    this.remotes = remotes;
    this.executor = executor;
  }

  /** Runs every task on a thread of its own, which does not keep the JVM alive. */
  static Executor background() {
    return task -> {
      Thread thread = new Thread(task, "llm2vec-open-model");
      thread.setDaemon(true);
      thread.start();
    };
  }

  /**
   * What the vectors of a model will be, if that can be told without opening it; empty also if it
   * cannot be opened, since the attempt will say why.
   */
  Optional<VectorIdentity> identify(ModelDeclaration declaration) {
    if (!declaration.isHere()) {
      return Optional.empty();
    }
    try {
      return factory.identify(declaration);
    } catch (IOException | RuntimeException e) {
      LOG.debug("Model '{}' cannot be looked at", declaration.name(), e);
      return Optional.empty();
    }
  }

  /** Opens a model and hands it, or what went wrong, on. */
  void open(ModelDeclaration declaration, Consumer<ModelEncoder> done, Consumer<Throwable> failed) {
    executor.execute(
        () -> {
          turn.lock();
          try {
            openNow(declaration, done, failed);
          } finally {
            turn.unlock();
          }
        });
  }

  // The end of a thread's work: whatever is thrown, an Error of the native library's loading too,
  // must reach those who wait for the model.
  private void openNow(
      ModelDeclaration declaration, Consumer<ModelEncoder> done, Consumer<Throwable> failed) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    // The engine looks for its parts through the context loader, once in the life of the JVM.
    thread.setContextClassLoader(ModelLoader.class.getClassLoader());
    try {
      done.accept(open(declaration));
    } catch (Throwable e) {
      LOG.error("Model '{}' cannot be opened: {}", declaration.name(), ModelLoad.describe(e), e);
      failed.accept(e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private ModelEncoder open(ModelDeclaration declaration) throws IOException {
    if (!declaration.isHere()) {
      LOG.info("Model '{}' is on other nodes: {}", declaration.name(), declaration.encoderNodes());
      return remotes.open(declaration, Optional.empty());
    }
    LOG.info("Opening model '{}' from {}", declaration.name(), declaration.model());
    LocalEncoder local = new LocalEncoder(declaration, factory.open(declaration));
    LOG.info("Model '{}' is open: {}", declaration.name(), local.here().model());
    if (declaration.encoderNodes().isEmpty()) {
      return local;
    }
    try {
      return remotes.open(declaration, Optional.of(local));
    } catch (RuntimeException e) {
      local.close();
      throw e;
    }
  }
}

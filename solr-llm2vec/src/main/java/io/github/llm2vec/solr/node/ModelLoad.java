/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.files.FailureReasons;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.solr.common.SolrException;
import org.jspecify.annotations.Nullable;

/** One attempt at loading a model, from its start to its outcome. Thread-safe. */
final class ModelLoad {

  /** What a client is told to wait for a model; a large one takes minutes. */
  static final Duration RETRY_AFTER = Duration.ofSeconds(10);

  private final ModelDeclaration declaration;
  private final boolean asked;
  private final CompletableFuture<RefCountedEncoder> outcome = new CompletableFuture<>();

  private ModelLoad(ModelDeclaration declaration, boolean asked) {
    this.declaration = declaration;
    this.asked = asked;
  }

  /** An attempt that has begun. */
  static ModelLoad of(ModelDeclaration declaration) {
    return new ModelLoad(declaration, true);
  }

  /** Stands for the attempt that nobody has asked for yet. */
  static ModelLoad idle(ModelDeclaration declaration) {
    return new ModelLoad(declaration, false);
  }

  ModelDeclaration declaration() {
    return declaration;
  }

  void succeed(RefCountedEncoder encoder) {
    outcome.complete(encoder);
  }

  void fail(Throwable cause) {
    outcome.completeExceptionally(cause);
  }

  ModelState state() {
    if (!asked) {
      return ModelState.IDLE;
    }
    if (!outcome.isDone()) {
      return ModelState.LOADING;
    }
    return outcome.isCompletedExceptionally() ? ModelState.FAILED : ModelState.READY;
  }

  Optional<RefCountedEncoder> encoderIfOpen() {
    return state() == ModelState.READY ? Optional.of(outcome.join()) : Optional.empty();
  }

  /** Why it failed, or "". */
  String failure() {
    return state() == ModelState.FAILED
        ? outcome.handle((encoder, cause) -> describe(cause)).join()
        : "";
  }

  /**
   * Waits for the encoder.
   *
   * @throws SolrException 503 if it takes longer, 500 if it failed or was not asked for
   */
  RefCountedEncoder await(Duration patience) {
    if (!asked) {
      throw SolrErrors.unavailable(name() + " is closed, since no core holds it any more");
    }
    try {
      return outcome.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw ServingErrors.retry(
          SolrErrors.unavailable(name() + " is still being opened; try again later", e),
          RETRY_AFTER);
    } catch (ExecutionException e) {
      throw SolrErrors.serverError(
          name()
              + " could not be opened: "
              + describe(e.getCause())
              + ". Repair it and reload the core.",
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw SolrErrors.unavailable("interrupted while waiting for " + name(), e);
    }
  }

  private String name() {
    return "model '" + declaration.name() + "'";
  }

  static String describe(@Nullable Throwable cause) {
    return cause == null ? "unknown" : FailureReasons.of(cause);
  }
}

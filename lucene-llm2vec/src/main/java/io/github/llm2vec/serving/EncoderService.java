/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encodes texts for many callers with one model, in shared batches. Queries are answered before
 * documents; what is too much waits (documents) or is refused at once (queries); one bad text fails
 * alone. {@code docs/serving.md} tells how and what is promised.
 *
 * <pre>{@code
 * try (EncoderService service = EncoderService.start(model, ServingOptions.defaults())) {
 *   float[] query = service.encodeWithin("who wrote Emma", Prompt.query(), Duration.ofSeconds(1));
 *   List<CompletableFuture<float[]>> vectors = service.submitAll(texts, Prompt.document());
 * }
 * }</pre>
 *
 * <p>Thread-safe. Owns the model and a thread per device of it, {@code llm2vec-scheduler}.
 */
public final class EncoderService implements TextEncoder {

  /**
   * So many texts of one caller failing one after the other tell of a model that is broken: what is
   * left is given up instead of being tried.
   */
  private static final int FAILURES_IN_A_ROW = 16;

  private static final Logger LOG = LoggerFactory.getLogger(EncoderService.class);

  private final ServiceParts parts;
  private final RequestSubmitter submitter;
  private final Scheduler scheduler;
  private final Duration shutdownPatience;

  /** A service whose scheduler is yet to be run. */
  EncoderService(ServiceParts parts, Scheduler scheduler, Duration shutdownPatience) {
    this.parts = parts;
    this.submitter = new RequestSubmitter(parts);
    this.scheduler = scheduler;
    this.shutdownPatience = shutdownPatience;
  }

  /**
   * Shares a model with a cache of its own; see {@link #start(BatchModel, ServingOptions,
   * QueryVectorCache)}.
   */
  public static EncoderService start(BatchModel model, ServingOptions options) {
    return start(model, options, QueryVectorCache.ofDefaultSize());
  }

  /**
   * Shares an open model, which is the service's from now on. {@linkplain BatchModel#warmUp Warms
   * it up} first, so that the first query takes about as long as a later one.
   *
   * @param cache may be shared with other services
   */
  public static EncoderService start(
      BatchModel model, ServingOptions options, QueryVectorCache cache) {
    try {
      model.warmUp();
    } catch (RuntimeException e) {
      LOG.warn("the model could not be warmed up; its first texts will tell whether it works", e);
    }
    ServiceParts parts = ServiceParts.of(model, options, cache, System::nanoTime);
    ExecutorService completions = ServiceThreads.startCompletions();
    Scheduler scheduler = new Scheduler(parts, completions, completions::shutdown);
    ServiceThreads.startWorkers(scheduler.workers());
    return new EncoderService(parts, scheduler, options.shutdownPatience());
  }

  @Override
  public int dimensions() {
    return parts.model().dimensions();
  }

  @Override
  public String fingerprint() {
    return parts.model().fingerprint();
  }

  @Override
  public Optional<TokenSpans> tokenSpans(String text) {
    return parts.model().tokenSpans(text);
  }

  /** What the model runs on. */
  public ModelFacts facts() {
    return parts.model().facts();
  }

  /**
   * Has a text encoded. Tokenises it on the calling thread. A query returns at once; a document
   * blocks the thread while too many documents wait.
   *
   * <p>What hangs on the future runs on threads of the service and should be short. Cancelling the
   * future withdraws the text, unless it runs already.
   *
   * @return ends with the vector, or with {@link OverloadedException} (queries only), {@link
   *     DeadlineExceededException}, {@link TextFailedException}, {@link ServiceClosedException} or
   *     {@link EncodingInterruptedException}. A text whose step begins before its deadline gets its
   *     vector, even if a little late
   */
  public CompletableFuture<float[]> submit(EncodeRequest request) {
    return submitter.submit(request);
  }

  /**
   * Has texts encoded, each with an end of its own; see {@link #submit}. Tokenises them on several
   * threads. A list of queries longer than the lane waits for its own first ones, so that it is
   * only refused if others fill the lane.
   *
   * @return one future per text, in their order
   * @throws EncodingInterruptedException if the thread was interrupted while documents waited to be
   *     let in; all texts are withdrawn
   */
  public List<CompletableFuture<float[]>> submitAll(List<String> texts, Prompt prompt) {
    return submitAll(texts, prompt, "");
  }

  /**
   * Has texts encoded with an adapter; see {@link #submitAll(List, Prompt)}.
   *
   * @param adapter name of one that is open beside the model, or "" for the model alone
   * @throws IllegalArgumentException if none of that name is open
   */
  public List<CompletableFuture<float[]>> submitAll(
      List<String> texts, Prompt prompt, String adapter) {
    return submitter.submitAll(texts, prompt, adapter);
  }

  /** The adapters that are open beside the model, by name. */
  public List<Adapter> adapters() {
    return parts.model().adapters();
  }

  /**
   * An adapter that is open beside the model.
   *
   * @throws IllegalArgumentException if there is none of that name; the message says which there
   *     are
   */
  public Adapter adapter(String name) {
    return parts.model().adapter(name);
  }

  /**
   * Encodes a text or gives up in time.
   *
   * @throws DeadlineExceededException if there is no vector within so long, or could not be
   * @throws OverloadedException if it is a query and too many wait
   * @throws TextFailedException if the model fails on this text
   * @throws ServiceClosedException if this service is closed
   * @throws EncodingInterruptedException if the thread is interrupted
   */
  public float[] encodeWithin(String text, Prompt prompt, Duration patience) {
    return encodeWithin(text, prompt, "", patience);
  }

  /**
   * Encodes a text with an adapter or gives up in time; see {@link #encodeWithin(String, Prompt,
   * Duration)}.
   *
   * @param adapter name of one that is open beside the model, or "" for the model alone
   * @throws IllegalArgumentException if none of that name is open
   */
  public float[] encodeWithin(String text, Prompt prompt, String adapter, Duration patience) {
    CompletableFuture<float[]> future =
        submit(new EncodeRequest(text, prompt).with(adapter).within(patience));
    try {
      return await(future, Nanos.of(patience));
    } catch (TimeoutException e) {
      // Unless its end came meanwhile, which then counts.
      future.completeExceptionally(
          DeadlineExceededException.waited(Nanos.toMillis(Nanos.of(patience))));
      return await(future);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Fails as a whole if any text does, with what {@link #submit} tells of it; the others are
   * withdrawn.
   */
  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    List<CompletableFuture<float[]>> futures = submitAll(texts, prompt);
    List<float[]> vectors = new ArrayList<>(futures.size());
    try {
      for (CompletableFuture<float[]> future : futures) {
        vectors.add(await(future));
      }
    } finally {
      // After a failure only; then nobody wants the rest.
      futures.forEach(future -> future.cancel(false));
    }
    return vectors.toArray(float[][]::new);
  }

  /**
   * Encodes texts so that one that fails costs the others nothing; blocks while too many documents
   * wait. After 16 failures in a row the rest is given up with the last of them.
   *
   * @return one result per text, in their order
   * @throws RuntimeException if no text is to blame, with what {@link #submit} tells of it
   */
  public List<EncodingResult> encodeEach(List<String> texts, Prompt prompt) {
    return encodeEach(texts, prompt, "");
  }

  /**
   * Encodes texts with an adapter; see {@link #encodeEach(List, Prompt)}.
   *
   * @param adapter name of one that is open beside the model, or "" for the model alone
   * @throws IllegalArgumentException if none of that name is open
   */
  public List<EncodingResult> encodeEach(List<String> texts, Prompt prompt, String adapter) {
    List<CompletableFuture<float[]>> futures = submitAll(texts, prompt, adapter);
    List<EncodingResult> results = new ArrayList<>(futures.size());
    int failures = 0;
    try {
      for (CompletableFuture<float[]> future : futures) {
        if (failures == FAILURES_IN_A_ROW) {
          results.add(results.get(results.size() - 1));
          continue;
        }
        EncodingResult result = result(future);
        failures = result instanceof EncodingResult.Failed ? failures + 1 : 0;
        results.add(result);
      }
    } finally {
      // Of those that nobody waits for any more.
      futures.forEach(future -> future.cancel(false));
    }
    return results;
  }

  private static EncodingResult result(CompletableFuture<float[]> future) {
    try {
      return new EncodingResult.Encoded(await(future));
    } catch (TextFailedException e) {
      return new EncodingResult.Failed(e);
    }
  }

  private static float[] await(CompletableFuture<float[]> future) {
    try {
      return await(future, Long.MAX_VALUE);
    } catch (TimeoutException e) {
      throw new IllegalStateException("waited for centuries; this is a bug", e);
    }
  }

  private static float[] await(CompletableFuture<float[]> future, long nanos)
      throws TimeoutException {
    try {
      return future.get(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      future.cancel(false);
      throw new EncodingInterruptedException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException("a checked exception from the scheduler; this is a bug", e);
    }
  }

  /** What waits, what was done and how long it took. */
  public ServingMetrics metrics() {
    return parts.room().metrics();
  }

  /**
   * Refuses new texts, fails those that wait with {@link ServiceClosedException}, and waits for the
   * step that runs, whose texts still get their vectors, to close the model after it. If that takes
   * longer than {@link ServingOptions#shutdownPatience()}, the model is closed when the step ends.
   */
  @Override
  public void close() {
    scheduler.close();
    try {
      if (!scheduler.ended().await(Nanos.of(shutdownPatience), TimeUnit.NANOSECONDS)) {
        LOG.warn(
            "a batch still runs {} after closing; the model's memory is freed when it ends",
            shutdownPatience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

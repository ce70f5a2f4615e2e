/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.batching.Nanos;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Submits requests on the callers' threads: looks in the cache, joins equal texts in flight,
 * tokenises the rest and queues it.
 */
record RequestSubmitter(ServiceParts parts) {

  /** Texts tokenised together: enough for several threads, and few enough to start soon. */
  private static final int PIECE = 64;

  /** A text on its way in. */
  private record Arrival(TextKey key, PendingRequest request) {

    CompletableFuture<float[]> future() {
      return request.future();
    }

    void fail(RuntimeException cause) {
      request.future().completeExceptionally(cause);
    }
  }

  /** See {@link EncoderService#submit}. */
  CompletableFuture<float[]> submit(EncodeRequest request) {
    long patience = Math.max(0, Nanos.of(request.patience()));
    Arrival arrival =
        new Arrival(
            new TextKey(parts.adapter(request.adapter()), request.prompt(), request.text()),
            PendingRequest.until(Nanos.plus(parts.clock().nanos(), patience)));
    try {
      if (isNew(arrival, arrival.key().prompt().role() == Role.QUERY)) {
        Optional<TokenizedText> tokens = tokenize(arrival);
        if (tokens.isPresent()) {
          admit(arrival, tokens.get(), new ArrayDeque<>());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      arrival.fail(new EncodingInterruptedException(e));
    }
    return arrival.future();
  }

  /** See {@link EncoderService#submitAll}. */
  List<CompletableFuture<float[]>> submitAll(List<String> texts, Prompt prompt, String adapter) {
    // Looked up once, so that all texts of a call are encoded with the same.
    Optional<Adapter> chosen = parts.adapter(adapter);
    for (int i = 0; i < texts.size(); i++) {
      Objects.requireNonNull(texts.get(i), "text " + i);
    }
    Deque<CompletableFuture<float[]>> admitted = new ArrayDeque<>();
    List<CompletableFuture<float[]>> results = new ArrayList<>(texts.size());
    try {
      for (int start = 0; start < texts.size(); start += PIECE) {
        List<String> piece = texts.subList(start, Math.min(texts.size(), start + PIECE));
        submitPiece(piece, prompt, chosen, results, admitted);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      results.forEach(result -> result.cancel(false));
      throw new EncodingInterruptedException(e);
    }
    return results;
  }

  private void submitPiece(
      List<String> texts,
      Prompt prompt,
      Optional<Adapter> adapter,
      List<CompletableFuture<float[]>> results,
      Deque<CompletableFuture<float[]>> admitted)
      throws InterruptedException {
    List<Arrival> fresh = new ArrayList<>();
    for (String text : texts) {
      Arrival arrival = new Arrival(new TextKey(adapter, prompt, text), PendingRequest.amongMany());
      results.add(arrival.future());
      if (isNew(arrival, false)) {
        fresh.add(arrival);
      }
    }
    List<Optional<TokenizedText>> tokens = tokenizeAll(fresh, prompt);
    for (int i = 0; i < fresh.size(); i++) {
      if (tokens.get(i).isPresent()) {
        admit(fresh.get(i), tokens.get(i).get(), admitted);
      }
    }
  }

  /**
   * Whether the text has to be encoded; if not, its future has or will have an end.
   *
   * @param refusable whether it is refused at once where there is no room
   */
  private boolean isNew(Arrival arrival, boolean refusable) {
    boolean query = arrival.key().prompt().role() == Role.QUERY;
    Optional<float[]> vector = parts.known(arrival.key());
    if (vector.isPresent()) {
      if (query) {
        parts.metrics().lookedUp(true);
      }
      arrival.future().complete(vector.get());
      return false;
    }
    try {
      if (refusable
          ? parts.room().joinOrRequireRoom(arrival.key(), arrival.request())
          : parts.room().join(arrival.key(), arrival.request())) {
        return false;
      }
    } catch (OverloadedException e) {
      parts.metrics().overloaded();
      arrival.fail(e);
      return false;
    } catch (DevicesFailedException e) {
      parts.metrics().failed();
      arrival.fail(e);
      return false;
    } catch (ServiceClosedException e) {
      arrival.fail(e);
      return false;
    }
    if (query) {
      parts.metrics().lookedUp(false);
    }
    return true;
  }

  /** The tokens of a text, or nothing if that failed it. */
  private Optional<TokenizedText> tokenize(Arrival arrival) {
    String text = arrival.key().text();
    long start = parts.clock().nanos();
    try {
      TokenizedText tokens = parts.model().tokenize(text, arrival.key().prompt());
      parts.metrics().tokenized(1, parts.clock().millisSince(start));
      return Optional.of(tokens);
    } catch (RuntimeException e) {
      parts.metrics().failed();
      arrival.fail(TextFailedException.inTokenizer(text.length(), e));
      return Optional.empty();
    }
  }

  private List<Optional<TokenizedText>> tokenizeAll(List<Arrival> arrivals, Prompt prompt) {
    if (arrivals.isEmpty()) {
      return List.of();
    }
    List<String> texts = arrivals.stream().map(arrival -> arrival.key().text()).toList();
    long start = parts.clock().nanos();
    List<TokenizedText> all;
    try {
      all = parts.model().tokenizeAll(texts, prompt);
    } catch (RuntimeException e) {
      // One of them is to blame; alone it is found.
      return arrivals.stream().map(this::tokenize).toList();
    }
    parts.metrics().tokenized(texts.size(), parts.clock().millisSince(start));
    return all.stream().map(Optional::of).toList();
  }

  /**
   * Queues a text.
   *
   * @param admitted what the same caller has there already, oldest first. A caller with many
   *     queries is not refused for the sake of its own: it waits for them
   */
  private void admit(
      Arrival arrival, TokenizedText tokens, Deque<CompletableFuture<float[]>> admitted)
      throws InterruptedException {
    while (!arrival.future().isDone()) {
      // Asked before, since all of them may be done by the time that a refusal is caught.
      boolean ownWait = dropDone(admitted);
      try {
        parts
            .room()
            .admit(arrival.key(), tokens.with(arrival.key().adapter()), arrival.request())
            .ifPresent(arrival.future()::complete);
        admitted.addLast(arrival.future());
        return;
      } catch (OverloadedException e) {
        if (ownWait) {
          awaitOldest(admitted);
        } else {
          parts.metrics().overloaded();
          arrival.fail(e);
        }
      } catch (DeadlineExceededException e) {
        parts.metrics().missedDeadline();
        arrival.fail(e);
      } catch (DevicesFailedException e) {
        parts.metrics().failed();
        arrival.fail(e);
      } catch (ServiceClosedException e) {
        arrival.fail(e);
      }
    }
  }

  /** Forgets those that have an end, up to the first that has none; false if none is left. */
  private static boolean dropDone(Deque<CompletableFuture<float[]>> admitted) {
    while (!admitted.isEmpty() && admitted.getFirst().isDone()) {
      admitted.removeFirst();
    }
    return !admitted.isEmpty();
  }

  /** Waits for the end, good or bad, of the first. */
  private static void awaitOldest(Deque<CompletableFuture<float[]>> admitted)
      throws InterruptedException {
    try {
      admitted.removeFirst().handle((vector, failure) -> true).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a handled future failed; this is a bug", e);
    }
  }
}

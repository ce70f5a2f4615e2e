/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of a response, read piece by piece by one thread that waits only so long for each: the
 * JDK's client has no limit of its own for a server that falls silent in the middle. At most one
 * piece is held.
 */
final class TimedBody implements HttpResponse.BodySubscriber<TimedBody>, Closeable {

  /** What the client handed over. */
  private sealed interface Event permits Piece, End {}

  private record Piece(List<ByteBuffer> buffers) implements Event {}

  private record End(Optional<Throwable> failure) implements Event {}

  private final Duration silence;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Deque<ByteBuffer> ready = new ArrayDeque<>();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private Optional<Flow.Subscription> subscription = Optional.empty();

  @GuardedBy("lock")
  private boolean closed;

  private boolean ended;

  /**
   * A body that fails when nothing comes.
   *
   * @param silence how long to wait for the next piece
   */
  TimedBody(Duration silence) {
    this.silence = silence;
  }

  @Override
  public CompletionStage<TimedBody> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    boolean wanted;
    synchronized (lock) {
      wanted = !closed && subscription.isEmpty();
      if (wanted) {
        subscription = Optional.of(given);
      }
    }
    if (wanted) {
      given.request(1);
    } else {
      given.cancel();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    events.add(new Piece(buffers));
  }

  @Override
  public void onError(Throwable failure) {
    events.add(new End(Optional.of(failure)));
  }

  @Override
  public void onComplete() {
    events.add(new End(Optional.empty()));
  }

  /**
   * The next bytes, or empty at the end.
   *
   * @throws IOException if the connection broke or was silent for too long
   */
  Optional<ByteBuffer> next() throws IOException {
    while (ready.isEmpty() && !ended) {
      take();
    }
    return Optional.ofNullable(ready.poll());
  }

  private void take() throws IOException {
    Event event;
    try {
      event = events.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while downloading");
    }
    if (event == null) {
      throw new HttpTimeoutException("nothing came for " + silence.toSeconds() + " s");
    }
    if (event instanceof Piece piece) {
      ready.addAll(piece.buffers());
      subscribed().ifPresent(source -> source.request(1));
    } else if (event instanceof End end) {
      ended = true;
      if (end.failure().isPresent()) {
        throw new IOException("the connection broke", end.failure().get());
      }
    }
  }

  /**
   * All bytes, for short answers.
   *
   * @throws IOException also if there are more than {@code limit}
   */
  byte[] readAll(int limit) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Optional<ByteBuffer> piece = next(); piece.isPresent(); piece = next()) {
      byte[] part = new byte[piece.get().remaining()];
      piece.get().get(part);
      bytes.writeBytes(part);
      if (bytes.size() > limit) {
        throw new IOException("the answer is longer than " + limit + " bytes");
      }
    }
    return bytes.toByteArray();
  }

  private Optional<Flow.Subscription> subscribed() {
    synchronized (lock) {
      return subscription;
    }
  }

  /** Drops what has not come yet and the connection with it. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
    }
    if (!ended) {
      subscribed().ifPresent(Flow.Subscription::cancel);
    }
  }
}

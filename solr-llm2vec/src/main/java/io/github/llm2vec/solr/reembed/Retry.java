/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.common.SolrException;

/**
 * Sends a request again whose failure may pass, as when a node restarts or a queue is full, after
 * pauses that double up to half a minute, for two minutes in all.
 */
public final class Retry {

  /** Sends each request once. */
  static final Retry NONE = new Retry(1, pause -> {}, () -> true);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** 1, 2, 4, 8, 16, 30, 30 and 30 s between them. */
  private static final int ATTEMPTS = 9;

  private static final int TOO_MANY_REQUESTS = 429;
  private static final int BAD_REQUEST = 400;
  private static final int SERVER_ERROR = 500;

  /** A request that may fail in the ways of SolrJ. */
  @FunctionalInterface
  public interface Request<T> {
    T send() throws SolrServerException, IOException;
  }

  /** Lets time go by. */
  @FunctionalInterface
  public interface Pause {
    void take(Duration length) throws IOException;
  }

  private final int attempts;
  private final Pause pause;
  private final BooleanSupplier stop;

  private Retry(int attempts, Pause pause, BooleanSupplier stop) {
    this.attempts = attempts;
    this.pause = pause;
    this.stop = stop;
  }

  /**
   * Tries again.
   *
   * @param pause lets time go by
   * @param stop asks it to give up
   */
  public static Retry of(Pause pause, BooleanSupplier stop) {
    return new Retry(ATTEMPTS, pause, stop);
  }

  /**
   * Sends a request until it is answered.
   *
   * @throws SolrException if the server refuses it
   * @throws IOException if it is not answered; the last failure
   */
  <T> T send(Request<T> request) throws IOException {
    Duration length = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      boolean last = attempt >= attempts || stop.getAsBoolean();
      try {
        return request.send();
      } catch (SolrException e) {
        if (last || !mayPass(e)) {
          throw e;
        }
      } catch (SolrServerException e) {
        if (last) {
          throw LiveCollection.failed(e);
        }
      } catch (IOException e) {
        if (last) {
          throw e;
        }
      }
      pause.take(length);
      length = length.multipliedBy(2);
      length = length.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : length;
    }
  }

  /** Whether it does not fail again however often it is tried: the model is another one, say. */
  private static boolean mayPass(SolrException e) {
    return e.code() < BAD_REQUEST || e.code() >= SERVER_ERROR || e.code() == TOO_MANY_REQUESTS;
  }
}

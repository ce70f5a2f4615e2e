/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.VectorIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A reload of a model: its request and its outcome so far.
 *
 * @param number counts the reloads of the model since the node started, from 1
 * @param state how far it is
 * @param started when it began
 * @param took time until its outcome; zero while it runs
 * @param before what the vectors were until then; empty if the model was not open
 * @param after what they are since then, or will be; empty if that cannot be told yet
 * @param failure why it failed, or ""
 */
public record Reload(
    int number,
    State state,
    Instant started,
    Duration took,
    Optional<VectorIdentity> before,
    Optional<VectorIdentity> after,
    String failure) {

  /** How far a reload is. */
  public enum State {
    /** The model is being opened; the one before goes on meanwhile. */
    RUNNING,
    /** The model is open as it is declared now. */
    DONE,
    /** It could not be opened; everything is as it was. */
    FAILED,
    /** No core holds the model any more; the next that does opens it as it is declared now. */
    NOT_HELD
  }

  static Reload begin(
      int number, State state, Optional<VectorIdentity> before, Optional<VectorIdentity> after) {
    return new Reload(number, state, Instant.now(), Duration.ZERO, before, after, "");
  }

  Reload done(Optional<VectorIdentity> opened) {
    return end(State.DONE, opened, "");
  }

  Reload failed(String reason) {
    return end(State.FAILED, after, reason);
  }

  Reload notHeld() {
    return end(State.NOT_HELD, after, "");
  }

  private Reload end(State outcome, Optional<VectorIdentity> opened, String reason) {
    return new Reload(
        number, outcome, started, Duration.between(started, Instant.now()), before, opened, reason);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import io.github.llm2vec.files.ModelException;
import io.github.llm2vec.files.ModelUnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests to a hub that are tried again where that may help, and else fail with what to do. */
record HubRequests(HubEnvironment environment, HubHttp http, Retries retries) {

  private static final Logger LOG = LoggerFactory.getLogger(HubRequests.class);
  private static final int SHOWN = 200;

  /** The hub is there and does not answer now. */
  private static final class BusyException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Optional<String> retryAfter;

    BusyException(int status, Optional<String> retryAfter) {
      super("the hub answered " + status);
      this.retryAfter = retryAfter;
    }
  }

  /** Told by an attempt that it got further than the one before, so that failures count anew. */
  static final class Gain {
    private boolean gained;

    void gained() {
      gained = true;
    }
  }

  /** One attempt. */
  @FunctionalInterface
  interface Action<T> {

    /** Throws a {@link ModelException} where no further attempt can help. */
    T run(Gain gain) throws IOException;
  }

  /**
   * Runs an action until it succeeds.
   *
   * @param what names it in errors
   * @throws ModelUnavailableException if it failed too often in a row
   */
  <T> T attempt(HubId id, String what, Action<T> action) throws IOException {
    int failures = 0;
    while (true) {
      Gain gain = new Gain();
      IOException failure;
      Optional<String> retryAfter = Optional.empty();
      try {
        return action.run(gain);
      } catch (ModelException | InterruptedIOException | ClosedByInterruptException e) {
        throw e;
      } catch (BusyException e) {
        failure = e;
        retryAfter = e.retryAfter;
      } catch (IOException e) {
        failure = e;
      }
      failures = gain.gained ? 1 : failures + 1;
      Duration pause = retries.pause(failures, retryAfter);
      if (failures >= Retries.MAX_ATTEMPTS || pause.compareTo(Retries.MAX_PAUSE) > 0) {
        throw givenUp(id, what, failures, pause, failure);
      }
      LOG.warn("{} of {}: {}; trying again in {} s", what, id, failure, pause.toSeconds());
      retries.sleep(pause);
    }
  }

  private ModelUnavailableException givenUp(
      HubId id, String what, int failures, Duration pause, IOException failure) {
    String reason = Optional.ofNullable(failure.getMessage()).orElse(failure.toString());
    boolean tooLong = pause.compareTo(Retries.MAX_PAUSE) > 0;
    return new ModelUnavailableException(
        id.toString(),
        "could not fetch %s from %s: %s".formatted(what, environment.endpoint(), reason)
            + (tooLong
                ? " and asks to wait " + pause.toSeconds() + " s"
                : " (" + failures + " times in a row)"),
        "Check the network and try again later; what was fetched is kept",
        failure);
  }

  /**
   * Checks the status of an answer.
   *
   * @param what names the file in errors
   * @throws ModelUnavailableException if the hub will not give it
   * @throws IOException if it may give it later
   */
  void requireOk(HubId id, String what, HubResponse reply) throws IOException {
    int status = reply.status();
    if (status == 200 || status == 206) {
      return;
    }
    if (Retries.passing(status)) {
      throw new BusyException(status, reply.headers().firstValue("Retry-After"));
    }
    String said =
        reply
            .hubHeader("X-Error-Message")
            .map(text -> text.length() > SHOWN ? text.substring(0, SHOWN) : text)
            .map(text -> " (" + text + ")")
            .orElse("");
    switch (status) {
      case 401, 403 ->
          throw new ModelUnavailableException(
              id.toString(),
              "may not be read: the hub answered %s%s; it is gated, private or does not exist"
                  .formatted(status, said),
              accessRemedy(id));
      case 404 ->
          throw new ModelUnavailableException(
              id.toString(), missing(what, reply) + said, "Correct the name");
      default ->
          throw new ModelUnavailableException(
              id.toString(),
              "could not fetch " + what + ": the hub answered " + status + said,
              "Check that HF_ENDPOINT is a hub");
    }
  }

  private String missing(String what, HubResponse reply) {
    String endpoint = " on " + environment.endpoint();
    return switch (reply.hubHeader("X-Error-Code").orElse("")) {
      case "RevisionNotFound" -> "has no such revision" + endpoint;
      case "EntryNotFound" -> "has no " + what + endpoint;
      case "RepoNotFound" -> "does not exist" + endpoint;
      default -> "or its " + what + " does not exist" + endpoint;
    };
  }

  private String accessRemedy(HubId id) {
    URI page = URI.create(environment.endpoint() + "/" + id.repository());
    if (http.withholdsToken()) {
      return "Use an https HF_ENDPOINT; HF_TOKEN is sent over https or to this machine only";
    }
    return environment.token().isPresent()
        ? "Accept the model's terms on " + page + " with the account that HF_TOKEN belongs to"
        : "Accept the model's terms on " + page + " and set HF_TOKEN to a token of that account";
  }
}

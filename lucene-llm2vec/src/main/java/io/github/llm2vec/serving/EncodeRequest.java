/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Prompt;
import java.time.Duration;
import java.util.Objects;

/**
 * A text to be encoded by an {@link EncoderService}, with its prompt and its deadline. The prompt's
 * role decides the lane: queries are answered first and refused when there are too many, documents
 * wait.
 *
 * @param text possibly empty
 * @param prompt how to present it
 * @param patience how long after submitting the vector is of use; {@link #UNLIMITED} for ever
 * @param adapter name of an adapter that is open beside the model, or "" for the model alone
 */
public record EncodeRequest(String text, Prompt prompt, Duration patience, String adapter) {

  /** No deadline. */
  public static final Duration UNLIMITED = Duration.ofSeconds(Long.MAX_VALUE);

  /** Rejects null. */
  public EncodeRequest {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(patience, "patience");
    Objects.requireNonNull(adapter, "adapter");
  }

  /** A request without a deadline. */
  public EncodeRequest(String text, Prompt prompt) {
    this(text, prompt, UNLIMITED, "");
  }

  /** This request with a deadline so long after it is submitted. */
  public EncodeRequest within(Duration value) {
    return new EncodeRequest(text, prompt, value, adapter);
  }

  /** This request with an adapter of that name, or with none if it is "". */
  public EncodeRequest with(String value) {
    return new EncodeRequest(text, prompt, patience, value);
  }
}

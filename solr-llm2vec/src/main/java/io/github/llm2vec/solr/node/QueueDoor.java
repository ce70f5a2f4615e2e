/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.ServingFigures;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * To an encoder with a queue: texts of all cores share its batches, queries go before documents,
 * and what is too much waits (documents) or is refused (queries).
 */
final class QueueDoor implements EncodingDoor {

  private final EncoderService service;

  QueueDoor(EncoderService service) {
    this.service = service;
  }

  @Override
  public float[][] documents(List<String> texts, Prompt prompt) {
    return service.encode(texts, prompt);
  }

  @Override
  public float[] query(String text, Prompt prompt, Duration patience) {
    return service.encodeWithin(text, prompt, patience);
  }

  @Override
  public EncoderCounts counts() {
    ServingFigures figures = service.figures();
    ServingFigures.Losses losses = figures.losses();
    return new EncoderCounts(
        figures.work().documents(),
        figures.work().queries(),
        figures.sharing().cacheHits() + figures.sharing().joined(),
        losses.failed() + losses.overloaded() + losses.deadlines());
  }

  @Override
  public Optional<ServingFigures> figures() {
    return Optional.of(service.figures());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.ServingFigures;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How the texts of all cores reach one open encoder. Prompts are complete: default instructions
 * have been filled in. Implementations are thread-safe.
 */
sealed interface EncodingDoor permits QueueDoor, TurnDoor {

  /** The door for an encoder: a service shares batches, any other encoder is taken in turns. */
  static EncodingDoor to(TextEncoder encoder, TurnQueryCache queryVectors) {
    return encoder instanceof EncoderService service
        ? new QueueDoor(service)
        : new TurnDoor(encoder, queryVectors);
  }

  /**
   * Encodes documents; blocks while too many wait.
   *
   * @return what came of each text, in the order of the texts
   * @throws RuntimeException what the encoder throws if it does not tell whose fault it is: any of
   *     the texts may be to blame
   */
  List<EncodedText> documents(List<String> texts, Prompt prompt);

  /**
   * Encodes a query, or finds it encoded.
   *
   * @return a vector to be read only
   * @throws RuntimeException what the encoder throws
   */
  float[] query(String text, Prompt prompt, Duration patience);

  /** What came through this door. */
  EncoderCounts counts();

  /** The queue's figures, if there is a queue. */
  Optional<ServingFigures> figures();
}

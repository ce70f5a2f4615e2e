/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.serving.ServingFigures;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * To an encoder without a queue, such as one that asks another machine: documents of different
 * requests are encoded one call after the other, in the order in which they came; queries do not
 * wait for their turn, and their deadlines are the encoder's own affair.
 */
final class TurnDoor implements EncodingDoor {

  private final TextEncoder encoder;
  private final TurnQueryCache queryVectors;
  private final ReentrantLock documentTurn = new ReentrantLock(true);

  private final LongAdder documents = new LongAdder();
  private final LongAdder queryCalls = new LongAdder();
  private final LongAdder queries = new LongAdder();
  private final LongAdder failedCalls = new LongAdder();

  TurnDoor(TextEncoder encoder, TurnQueryCache queryVectors) {
    this.encoder = encoder;
    this.queryVectors = queryVectors;
  }

  @Override
  public List<EncodedText> documents(List<String> texts, Prompt prompt) {
    documentTurn.lock();
    try {
      float[][] vectors = encoder.encode(texts, prompt);
      if (vectors.length != texts.size()) {
        throw new IllegalStateException(
            "the encoder gave %d vectors for %d texts; this is a bug"
                .formatted(vectors.length, texts.size()));
      }
      documents.add(texts.size());
      return Arrays.stream(vectors).<EncodedText>map(EncodedText.Vector::new).toList();
    } catch (RuntimeException e) {
      failedCalls.increment();
      throw e;
    } finally {
      documentTurn.unlock();
    }
  }

  @Override
  public float[] query(String text, Prompt prompt, Duration patience) {
    queryCalls.increment();
    return queryVectors.get(
        new TurnQueryCache.Key(encoder.fingerprint(), prompt, text), () -> encodeNow(text, prompt));
  }

  private float[] encodeNow(String text, Prompt prompt) {
    queries.increment();
    try {
      float[] vector = encoder.encodeOne(text, prompt);
      for (float value : vector) {
        if (!Float.isFinite(value)) {
          throw new ArithmeticException("the model gave " + value + " in the vector");
        }
      }
      return vector;
    } catch (RuntimeException e) {
      failedCalls.increment();
      throw e;
    }
  }

  @Override
  public EncoderCounts counts() {
    long encoded = queries.sum();
    return EncoderCounts.withoutQueue(
        documents.sum(), encoded, Math.max(0, queryCalls.sum() - encoded), failedCalls.sum());
  }

  @Override
  public Optional<ServingFigures> figures() {
    return Optional.empty();
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.encoder.TokenSpans;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.solr.common.SolrException;

/**
 * A declared model of this node: the one door through which all cores have texts encoded. It knows
 * who holds the model, is open while anybody does, and counts.
 *
 * <p>Documents of different requests are encoded one call after the other, in the order in which
 * they came, so that memory for activations is needed once; queries do not wait for their turn.
 * Thread-safe.
 */
public final class NodeEncoder {

  private final ModelDeclaration declaration;
  private final ModelOpener opener;
  private final QueryVectorCache queryVectors;
  private final ReentrantLock documentTurn = new ReentrantLock(true);

  private final LongAdder documents = new LongAdder();
  private final LongAdder queryCalls = new LongAdder();
  private final LongAdder queries = new LongAdder();
  private final LongAdder failedCalls = new LongAdder();

  private final Object lock = new Object();
  // Both guarded by lock. The opening is an idle one while nobody holds the model.
  private final Set<Object> holders = Collections.newSetFromMap(new IdentityHashMap<>());
  private Opening opening;

  NodeEncoder(ModelDeclaration declaration, ModelOpener opener, QueryVectorCache queryVectors) {
    this.declaration = declaration;
    this.opener = opener;
    this.queryVectors = queryVectors;
    this.opening = Opening.idle(declaration);
  }

  /**
   * Notes a holder; the first one, and any that comes after a failure, starts the opening.
   *
   * @return whether the holder is new
   */
  boolean acquire(Object holder) {
    Opening started;
    synchronized (lock) {
      if (!holders.add(holder)) {
        return false;
      }
      ModelState state = opening.state();
      if (state != ModelState.IDLE && state != ModelState.FAILED) {
        return true;
      }
      started = Opening.of(declaration);
      opening = started;
    }
    opener.open(declaration, encoder -> hand(encoder, started), started::fail);
    return true;
  }

  /** Takes over an encoder that was opened, unless nobody waits for it any more. */
  private void hand(TextEncoder encoder, Opening started) {
    synchronized (lock) {
      if (opening == started) {
        started.succeed(encoder);
        return;
      }
    }
    started.fail(new IllegalStateException("let go of while it was being opened"));
    encoder.close();
  }

  /** Forgets a holder; with the last one the model is closed. */
  void release(Object holder) {
    Opening left;
    synchronized (lock) {
      holders.remove(holder);
      if (!holders.isEmpty()) {
        return;
      }
      left = opening;
      opening = Opening.idle(declaration);
    }
    left.encoderIfOpen().ifPresent(TextEncoder::close);
  }

  /** Forgets all holders. */
  void releaseAll() {
    List<Object> all;
    synchronized (lock) {
      all = List.copyOf(holders);
    }
    all.forEach(this::release);
  }

  /** What was asked for. */
  public ModelDeclaration declaration() {
    return declaration;
  }

  /**
   * Waits until the model is open.
   *
   * @throws SolrException 503 if it is still being opened after so long, 500 if it cannot be opened
   */
  public void awaitReady(Duration patience) {
    current().await(patience);
  }

  /** Width of the vectors; fails as {@link #awaitReady} does, without patience. */
  public int dimensions() {
    return ready().dimensions();
  }

  /** Identity of what makes the vectors; fails as {@link #dimensions} does. */
  public String fingerprint() {
    return ready().fingerprint();
  }

  /**
   * The tokens of a text with their places, if the encoder tells them; fails as {@link #dimensions}
   * does.
   */
  public Optional<TokenSpans> tokenSpans(String text) {
    return ready().tokenSpans(text);
  }

  /**
   * Encodes documents in one call.
   *
   * @param prompt its instruction, if empty, gives way to the declared one
   * @return vectors in the order of the texts
   * @throws SolrException if the model is not open
   * @throws RuntimeException what the encoder throws: any of the texts may be to blame
   */
  public float[][] encodeDocuments(List<String> texts, Prompt prompt) {
    TextEncoder encoder = ready();
    documentTurn.lock();
    try {
      float[][] vectors = encoder.encode(texts, declaration.withDefaultInstruction(prompt));
      if (vectors.length != texts.size()) {
        throw new IllegalStateException(
            "the encoder gave %d vectors for %d texts; this is a bug"
                .formatted(vectors.length, texts.size()));
      }
      documents.add(texts.size());
      return vectors;
    } catch (RuntimeException e) {
      failedCalls.increment();
      throw e;
    } finally {
      documentTurn.unlock();
    }
  }

  /**
   * Encodes a query, or finds it encoded.
   *
   * @param prompt its instruction, if empty, gives way to the declared one
   * @return a vector to be read only
   * @throws SolrException if the model is not open
   * @throws RuntimeException what the encoder throws
   */
  public float[] encodeQuery(String text, Prompt prompt) {
    TextEncoder encoder = ready();
    Prompt effective = declaration.withDefaultInstruction(prompt);
    queryCalls.increment();
    return queryVectors.get(
        new QueryVectorCache.Key(encoder.fingerprint(), effective, text),
        () -> encodeNow(encoder, text, effective));
  }

  private float[] encodeNow(TextEncoder encoder, String text, Prompt prompt) {
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

  /** A picture of the moment. */
  public ModelStatus status() {
    int cores;
    Opening now;
    synchronized (lock) {
      cores = holders.size();
      now = opening;
    }
    long encoded = queries.sum();
    EncoderCounts counts =
        new EncoderCounts(
            documents.sum(), encoded, Math.max(0, queryCalls.sum() - encoded), failedCalls.sum());
    return new ModelStatus(
        declaration,
        now.state(),
        now.failure(),
        now.encoderIfOpen().map(TextEncoder::dimensions).orElse(0),
        now.encoderIfOpen().map(TextEncoder::fingerprint).orElse(""),
        cores,
        counts);
  }

  private Opening current() {
    synchronized (lock) {
      return opening;
    }
  }

  private TextEncoder ready() {
    return current().await(Duration.ZERO);
  }
}

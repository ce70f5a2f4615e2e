/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An encoder without a model: every word adds 1 or -1 at a place that its hash decides, and the
 * vector is scaled to length 1. It notes every call, fails for texts it was told to, and lets
 * things happen in the middle of a call.
 */
public final class FakeEncoder implements TextEncoder {

  private final int dimensions;
  private final List<List<String>> calls = new ArrayList<>();
  private final List<Prompt> prompts = new ArrayList<>();
  private final Set<String> poison = new HashSet<>();
  private final AtomicReference<Runnable> nextCall = new AtomicReference<>(() -> {});
  private boolean closed;
  private int passingFailures;

  public FakeEncoder(int dimensions) {
    this.dimensions = dimensions;
  }

  /** From now on a call with a text that contains these words fails. */
  public synchronized void failFor(String words) {
    poison.add(words);
  }

  /** The next calls fail, whatever their texts. */
  public synchronized void failNext(int count) {
    passingFailures = count;
  }

  /** Runs something in the middle of the next call. */
  public void duringNextCall(Runnable happens) {
    nextCall.set(happens);
  }

  /** The same encoder for one of several nodes, or of several tests: it stays open when closed. */
  public TextEncoder shared() {
    return new Shared(this, fingerprint());
  }

  /** The same encoder under the fingerprint of another model. */
  public TextEncoder shared(String fingerprint) {
    return new Shared(this, fingerprint);
  }

  private record Shared(FakeEncoder encoder, String fingerprint) implements TextEncoder {
    @Override
    public int dimensions() {
      return encoder.dimensions();
    }

    @Override
    public float[][] encode(List<String> texts, Prompt prompt) {
      return encoder.encode(texts, prompt);
    }

    @Override
    public void close() {
      // Others have it still.
    }
  }

  /** Every list of texts that was asked for, failing ones too. */
  public synchronized List<List<String>> calls() {
    return List.copyOf(calls);
  }

  /** The prompt of every call. */
  public synchronized List<Prompt> prompts() {
    return List.copyOf(prompts);
  }

  /** Every text of every call. */
  public synchronized List<String> texts() {
    return calls.stream().flatMap(List::stream).toList();
  }

  /** Forgets the calls. */
  public synchronized void forget() {
    calls.clear();
    prompts.clear();
  }

  public synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return "fa4e" + Integer.toHexString(dimensions);
  }

  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    nextCall.getAndSet(() -> {}).run();
    return encodeNow(texts, prompt);
  }

  private synchronized float[][] encodeNow(List<String> texts, Prompt prompt) {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    calls.add(List.copyOf(texts));
    prompts.add(prompt);
    if (passingFailures > 0) {
      passingFailures--;
      throw new IllegalStateException("out of order for now");
    }
    for (String text : texts) {
      if (poison.stream().anyMatch(text::contains)) {
        throw new IllegalArgumentException("this text cannot be encoded");
      }
    }
    return texts.stream()
        .map(text -> vector(prompt.instruction() + " " + text))
        .toArray(float[][]::new);
  }

  /** The vector of a text, without noting a call. */
  public float[] vector(String text) {
    float[] vector = new float[dimensions];
    for (String word : text.toLowerCase(Locale.ROOT).split("\\W+", -1)) {
      int hash = word.hashCode() * 0x9E3779B9;
      vector[Math.floorMod(hash >> 8, dimensions)] += (hash & 1) == 0 ? 1 : -1;
    }
    double square = 0;
    for (float value : vector) {
      square += value * value;
    }
    if (square == 0) {
      vector[0] = 1;
      square = 1;
    }
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) (vector[i] / Math.sqrt(square));
    }
    return vector;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}

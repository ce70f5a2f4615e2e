/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.BatchLayout;
import io.github.llm2vec.serving.BatchModel;
import io.github.llm2vec.serving.DeviceOutOfMemoryException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A device without a model, for the queue that stands before one: the vectors are those of {@link
 * FakeEncoder}, every character is a token, and a step runs when the test lets it.
 */
public final class FakeBatchModel implements BatchModel {

  private final FakeEncoder vectors;
  private final List<List<String>> batches = new CopyOnWriteArrayList<>();
  private final Semaphore arrivals = new Semaphore(0);
  private volatile Semaphore steps = new Semaphore(Integer.MAX_VALUE / 2);
  private volatile int memoryTokens = Integer.MAX_VALUE;
  private volatile boolean closed;

  public FakeBatchModel(int dimensions) {
    this.vectors = new FakeEncoder(dimensions);
  }

  /** From now on no step ends before the test allows one. */
  public void hold() {
    steps = new Semaphore(0);
  }

  /** Lets every step run that waits or comes. */
  public void letGo() {
    steps.release(Integer.MAX_VALUE / 2);
  }

  /** Waits until another step has begun. */
  public void awaitStep() throws InterruptedException {
    if (!arrivals.tryAcquire(60, TimeUnit.SECONDS)) {
      throw new AssertionError("no step begins");
    }
  }

  /** From now on a batch of more tokens finds no memory. */
  public void memory(int tokens) {
    memoryTokens = tokens;
  }

  /** The texts of every batch that was tried, prompts included. */
  public List<List<String>> batches() {
    return List.copyOf(batches);
  }

  /** Texts of all batches, in alphabetical order. */
  public List<String> texts() {
    return batches.stream().flatMap(List::stream).sorted().toList();
  }

  /** The vector of a text. */
  public float[] vector(String text) {
    return vectors.vector(" " + text);
  }

  public boolean isClosed() {
    return closed;
  }

  @Override
  public int dimensions() {
    return vectors.dimensions();
  }

  @Override
  public String fingerprint() {
    return vectors.fingerprint();
  }

  @Override
  public BatchLayout layout() {
    return BatchLayout.PACKED;
  }

  @Override
  public int maxBatchTokens() {
    return 16_384;
  }

  @Override
  public TokenizedText tokenize(String text, Prompt prompt) {
    if (text.contains("unreadable")) {
      throw new IllegalArgumentException("this text cannot be read");
    }
    return TokenizedText.of((prompt.instruction() + " " + text).chars().toArray());
  }

  @Override
  public float[][] encode(List<TokenizedText> texts) {
    if (closed) {
      throw new AssertionError("used after it was closed");
    }
    List<String> batch = texts.stream().map(FakeBatchModel::read).toList();
    batches.add(batch.stream().map(String::strip).collect(Collectors.toUnmodifiableList()));
    arrivals.release();
    steps.acquireUninterruptibly();
    if (texts.stream().mapToInt(TokenizedText::length).sum() > memoryTokens) {
      throw new DeviceOutOfMemoryException("no memory for " + texts.size() + " texts", null);
    }
    if (batch.stream().anyMatch(text -> text.contains("poison"))) {
      throw new IllegalStateException("the device cannot encode this");
    }
    return batch.stream().map(vectors::vector).toArray(float[][]::new);
  }

  private static String read(TokenizedText text) {
    return Arrays.stream(text.ids()).mapToObj(Character::toString).collect(Collectors.joining());
  }

  @Override
  public void close() {
    closed = true;
  }
}

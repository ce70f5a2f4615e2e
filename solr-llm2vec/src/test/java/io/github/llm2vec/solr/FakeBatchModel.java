/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.DeviceOutOfMemoryException;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.serving.ServingOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A model without weights, behind the queue that stands before a real one. Every character is a
 * token, every word adds 1 or -1 at a place that its hash decides, and the vector is scaled to
 * length 1. It notes what it is given, fails when it was told to, and runs a step when the test
 * lets it.
 */
public final class FakeBatchModel implements BatchModel {

  /** The text by which the queue finds out whether a device works. */
  private static final String PROBE = "Does this device work?";

  private final int dimensions;
  private final String fingerprint;
  private final Function<String, float[]> vectors;

  // Guarded by this.
  private final List<String> texts = new ArrayList<>();
  private final List<List<String>> calls = new ArrayList<>();
  private final List<Prompt> prompts = new ArrayList<>();
  private final List<List<String>> batches = new ArrayList<>();
  private final Set<String> poison = new HashSet<>();
  private final Set<String> breaking = new HashSet<>();
  private int passingFailures;

  private final Semaphore arrivals = new Semaphore(0);
  private final AtomicReference<Runnable> nextStep = new AtomicReference<>(() -> {});
  private volatile Semaphore steps = new Semaphore(Integer.MAX_VALUE / 2);
  private volatile boolean deviceBroken;
  private volatile int memoryTokens = Integer.MAX_VALUE;
  private final AtomicInteger services = new AtomicInteger();
  private volatile boolean closed;

  public FakeBatchModel(int dimensions) {
    this(dimensions, "fa4e" + Integer.toHexString(dimensions), text -> hashed(text, dimensions));
  }

  /**
   * A model of another kind.
   *
   * @param vectors the vector of an instruction and a text with a blank between them
   */
  public FakeBatchModel(int dimensions, String fingerprint, Function<String, float[]> vectors) {
    this.dimensions = dimensions;
    this.fingerprint = fingerprint;
    this.vectors = vectors;
  }

  /** Puts a queue before it that keeps vectors of queries. */
  public EncoderService service() {
    return service(ServingOptions.defaults(), 1 << 20);
  }

  /** Puts a queue before it with a cache for vectors of queries that has so many bytes. */
  public EncoderService service(ServingOptions options, long queryCacheBytes) {
    services.incrementAndGet();
    closed = false;
    return EncoderService.start(this, options, new QueryVectorCache(queryCacheBytes));
  }

  /** From now on a batch with a text that contains these words fails. */
  public synchronized void failFor(String words) {
    poison.add(words);
  }

  /** From now on a batch with a text that contains these words fails, and not for their sake. */
  public synchronized void breakFor(String words) {
    breaking.add(words);
  }

  /** The next batches fail, whatever their texts. */
  public synchronized void failNext(int count) {
    passingFailures = count;
  }

  /**
   * From now on every batch fails, also that by which the queue finds out whether any would not.
   */
  public void breakDevice() {
    deviceBroken = true;
  }

  /** Ends what {@link #breakDevice} began. */
  public void repairDevice() {
    deviceBroken = false;
  }

  /** From now on a batch of more tokens finds no memory. */
  public void memory(int tokens) {
    memoryTokens = tokens;
  }

  /** What happens in the middle of the next step, on the device's thread. */
  public void duringNextCall(Runnable action) {
    nextStep.set(action);
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

  /** Waits until so many texts have come since it forgot. */
  public synchronized void awaitTexts(int count) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (texts.size() < count) {
      long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (millis <= 0) {
        throw new AssertionError(texts.size() + " texts of " + count + " have come");
      }
      wait(millis);
    }
  }

  /** Forgets what it was given. */
  public synchronized void forget() {
    texts.clear();
    calls.clear();
    prompts.clear();
    batches.clear();
  }

  /** Every text that was to be encoded, in the order in which they came, repeated ones too. */
  public synchronized List<String> texts() {
    return List.copyOf(texts);
  }

  /** The texts that came together; callers with more than 64 bring them in several parts. */
  public synchronized List<List<String>> calls() {
    return List.copyOf(calls);
  }

  /** How many texts came together, each time. */
  public synchronized List<Integer> callSizes() {
    return calls.stream().map(List::size).toList();
  }

  /** The prompt of every call. */
  public synchronized List<Prompt> prompts() {
    return List.copyOf(prompts);
  }

  /** The texts of every batch that was tried, prompts included. */
  public synchronized List<List<String>> batches() {
    return List.copyOf(batches);
  }

  /** Texts of all batches, in alphabetical order. */
  public List<String> ranTexts() {
    return batches().stream().flatMap(List::stream).sorted().toList();
  }

  /** The vector of a text after an instruction and a blank, without noting anything. */
  public float[] vector(String text) {
    return vectors.apply(text);
  }

  /** Whether all services are closed that it had. */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
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
    return tokenizeAll(List.of(text), prompt).get(0);
  }

  @Override
  public List<TokenizedText> tokenizeAll(List<String> together, Prompt prompt) {
    if (together.stream().anyMatch(text -> text.contains("unreadable"))) {
      throw new IllegalArgumentException("this text cannot be read");
    }
    synchronized (this) {
      if (together.equals(List.of(PROBE))) {
        return List.of(TokenizedText.of(PROBE.codePoints().toArray()));
      }
      texts.addAll(together);
      calls.add(List.copyOf(together));
      prompts.add(prompt);
      notifyAll();
    }
    return together.stream()
        .map(text -> (prompt.instruction() + " " + text).codePoints().toArray())
        .map(TokenizedText::of)
        .toList();
  }

  @Override
  public float[][] encode(List<TokenizedText> batch) {
    if (closed) {
      throw new AssertionError("used after it was closed");
    }
    List<String> read = batch.stream().map(FakeBatchModel::read).toList();
    if (deviceBroken) {
      throw new IllegalStateException("CUDA error: unspecified launch failure");
    }
    if (read.equals(List.of(PROBE))) {
      return new float[][] {new float[dimensions]};
    }
    synchronized (this) {
      batches.add(read.stream().map(String::strip).collect(Collectors.toUnmodifiableList()));
    }
    arrivals.release();
    nextStep.getAndSet(() -> {}).run();
    steps.acquireUninterruptibly();
    if (batch.stream().mapToInt(TokenizedText::length).sum() > memoryTokens) {
      throw new DeviceOutOfMemoryException("no memory for " + batch.size() + " texts", null);
    }
    failIfAsked(read);
    return read.stream().map(vectors).toArray(float[][]::new);
  }

  private synchronized void failIfAsked(List<String> read) {
    if (passingFailures > 0) {
      passingFailures--;
      throw new IllegalStateException("out of order for now");
    }
    if (containsAny(read, breaking)) {
      throw new IllegalStateException("the device cannot encode this");
    }
    if (containsAny(read, poison)) {
      throw new IllegalArgumentException("this text cannot be encoded");
    }
  }

  private static boolean containsAny(List<String> texts, Set<String> words) {
    return texts.stream().anyMatch(text -> words.stream().anyMatch(text::contains));
  }

  private static String read(TokenizedText text) {
    return Arrays.stream(text.ids()).mapToObj(Character::toString).collect(Collectors.joining());
  }

  private static float[] hashed(String text, int dimensions) {
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
  public void close() {
    closed = services.decrementAndGet() == 0;
  }
}

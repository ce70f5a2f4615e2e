/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.encoder.BatchDevice;
import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.DeviceOutOfMemoryException;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.batching.BatchShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A model whose tokens are the words of a text and whose vectors tell the text they belong to.
 * Words with a meaning: {@code poison} fails a batch, {@code nan} gives no number, {@code fatal}
 * throws an Error, {@code unreadable} fails the tokenizer.
 */
final class FakeModel implements BatchModel {

  private static final int POISON = 1;
  private static final int NAN = 2;
  private static final int FATAL = 3;
  private static final int QUERY = 4;

  /** Lengths of the texts of every batch that was tried, in order. */
  final List<List<Integer>> batches = new CopyOnWriteArrayList<>();

  final AtomicInteger tokenized = new AtomicInteger();
  volatile boolean closed;
  volatile int memoryTokens = Integer.MAX_VALUE;
  volatile int maxBatchTokens = 16_384;
  volatile Consumer<BatchShape> duringStep = shape -> {};
  volatile Runnable onWarmUp = () -> {};

  /** Adapters that are open; their vectors begin with the negative length of the text. */
  final Map<String, Adapter> adapters = new ConcurrentHashMap<>();

  /** What happens during a step of a device; of several, each has one. */
  final List<Consumer<BatchShape>> onDevice = new CopyOnWriteArrayList<>();

  /** A model with one device. */
  FakeModel() {
    this(1);
  }

  /** A model with so many devices. */
  FakeModel(int devices) {
    for (int i = 0; i < devices; i++) {
      onDevice.add(shape -> duringStep.accept(shape));
    }
  }

  static String words(int count) {
    return "word ".repeat(count).trim();
  }

  /** A text of so many words that equals no other number's. */
  static String text(int number, int words) {
    return ("n" + number + " " + "word ".repeat(words - 1)).trim();
  }

  /** The vector of a text, by the definition of this model. */
  static float[] vector(String text, Prompt prompt) {
    return vector(ids(text, prompt));
  }

  private static float[] vector(int[] ids) {
    int hash = 7;
    for (int id : ids) {
      hash = 31 * hash + id;
    }
    return new float[] {ids.length, hash & 0xffff, hash >>> 16};
  }

  private static int[] ids(String text, Prompt prompt) {
    String[] words = text.split(" ", -1);
    int[] ids = new int[words.length + (prompt.role() == Role.QUERY ? 1 : 0)];
    for (int i = 0; i < words.length; i++) {
      ids[i] =
          switch (words[i]) {
            case "poison" -> POISON;
            case "nan" -> NAN;
            case "fatal" -> FATAL;
            default -> 10 + (words[i].hashCode() & 0xffffff);
          };
    }
    if (prompt.role() == Role.QUERY) {
      ids[words.length] = QUERY;
    }
    return ids;
  }

  @Override
  public int dimensions() {
    return 3;
  }

  @Override
  public String fingerprint() {
    return "fake";
  }

  @Override
  public Adapter adapter(String name) {
    return Optional.ofNullable(adapters.get(name))
        .orElseThrow(() -> new IllegalArgumentException("no adapter " + name));
  }

  @Override
  public BatchLayout layout() {
    return BatchLayout.PACKED;
  }

  @Override
  public int maxBatchTokens() {
    return maxBatchTokens;
  }

  @Override
  public TokenizedText tokenize(String text, Prompt prompt) {
    if (text.contains("unreadable")) {
      throw new IllegalArgumentException("cannot read this");
    }
    tokenized.incrementAndGet();
    return TokenizedText.of(ids(text, prompt));
  }

  @Override
  public void warmUp() {
    onWarmUp.run();
  }

  @Override
  public List<BatchDevice> devices() {
    List<BatchDevice> devices = new ArrayList<>();
    for (int i = 0; i < onDevice.size(); i++) {
      devices.add(new FakeDevice(this, i));
    }
    return devices;
  }

  private record FakeDevice(FakeModel model, int index) implements BatchDevice {

    @Override
    public String name() {
      return "fake:" + index;
    }

    @Override
    public BatchLayout layout() {
      return model.layout();
    }

    @Override
    public int maxBatchTokens() {
      return model.maxBatchTokens();
    }

    @Override
    public float[][] encode(List<TokenizedText> texts) {
      return model.encode(texts, model.onDevice.get(index));
    }
  }

  @Override
  public float[][] encode(List<TokenizedText> texts) {
    return encode(texts, duringStep);
  }

  private float[][] encode(List<TokenizedText> texts, Consumer<BatchShape> during) {
    if (closed) {
      throw new AssertionError("used after it was closed");
    }
    batches.add(texts.stream().map(TokenizedText::length).toList());
    BatchShape shape = BatchShape.EMPTY;
    for (TokenizedText text : texts) {
      shape = shape.plus(text.length());
    }
    during.accept(shape);
    if (shape.tokens() > memoryTokens) {
      throw new DeviceOutOfMemoryException("no memory for " + shape.tokens() + " tokens", null);
    }
    List<float[]> vectors = new ArrayList<>();
    for (TokenizedText text : texts) {
      vectors.add(encodeOne(text));
    }
    return vectors.toArray(float[][]::new);
  }

  private static float[] encodeOne(TokenizedText text) {
    float[] vector = vector(text.ids());
    vector[0] *= text.adapter().isPresent() ? -1 : 1;
    for (int id : text.ids()) {
      switch (id) {
        case POISON -> throw new IllegalStateException("index out of range in self");
        case FATAL -> throw new NoClassDefFoundError("fatal");
        case NAN -> vector[1] = Float.NaN;
        default -> {}
      }
    }
    return vector;
  }

  @Override
  public void close() {
    closed = true;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.TokenSpans;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerThreads;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.LoadListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A decoder-only language model as a text encoder (BehnamGhader et al., 2024, LLM2Vec): open a
 * checkpoint, encode texts as queries or documents, close it.
 *
 * <pre>{@code
 * try (Llm2Vec model = Llm2Vec.open(Path.of("my-model"))) {
 *   float[][] documents = model.encode(texts, Prompt.document());
 *   float[] query = model.encodeOne("who wrote Emma", Prompt.query("Given a question, ...:"));
 * }
 * }</pre>
 *
 * <p>The vectors are those of the Python library for the same checkpoint, whatever else is in the
 * batch. They are not scaled to length one unless that is asked for or the model's files say so.
 *
 * <p>Thread-safe. Owns the model and its tokenizer.
 */
public final class Llm2Vec implements TextEncoder {

  private final Decoder decoder;
  private final Tokenizer tokenizer;
  private final TextPreparation preparation;
  private final TextSettings settings;
  private final BatchEncoder batches;
  private final int maxBatchTokens;
  private final VectorModules modules;
  private final int dimensions;
  private final boolean normalize;
  private final String fingerprint;
  private final int parallelism;
  private final ExecutorService tokenizerThreads;
  private final AtomicBoolean closed = new AtomicBoolean();

  Llm2Vec(
      Decoder decoder,
      Tokenizer tokenizer,
      EncodingSettings encoding,
      VectorModules modules,
      Llm2VecOptions options,
      String fingerprint) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
    this.settings = encoding.text();
    this.preparation = new TextPreparation(tokenizer, settings);
    this.normalize = encoding.normalize();
    this.modules = modules;
    this.dimensions = encoding.dimensions(modules.width());
    this.maxBatchTokens = options.maxBatchTokens();
    BatchPlanner planner =
        new BatchPlanner(maxBatchTokens, Integer.MAX_VALUE, BatchPlanner.Grouping.PACKED);
    this.batches =
        new BatchEncoder(
            decoder, new TextPacker(settings.poolings(), tokenizer.padId().orElse(0)), planner);
    this.fingerprint = fingerprint;
    int processors = Runtime.getRuntime().availableProcessors();
    this.parallelism = TokenizerThreads.parallelism(processors) + 1;
    this.tokenizerThreads = TokenizerThreads.start(processors);
  }

  /**
   * Opens a model by its name: a folder, a model that lies on the class path as a jar, or an id in
   * the local cache of the hub.
   *
   * @throws io.github.llm2vec.files.ModelException if it is missing, damaged or not supported
   * @throws IOException if a file cannot be read
   */
  public static Llm2Vec open(String model) throws IOException {
    return open(ModelSource.of(model, List.of(), System.getenv()), Llm2VecOptions.defaults());
  }

  /**
   * Opens a model folder with everything as its files say, on the CPU in single precision.
   *
   * @throws IOException if a part is missing or damaged; the message names it and the remedy
   */
  public static Llm2Vec open(Path folder) throws IOException {
    return open(ModelSource.of(folder), Llm2VecOptions.defaults());
  }

  /** Opens a model; see {@link #open(ModelSource, Llm2VecOptions, LoadListener)}. */
  public static Llm2Vec open(ModelSource source, Llm2VecOptions options) throws IOException {
    return open(source, options, LoadListener.NONE);
  }

  /**
   * Opens a model: finds its parts, checks them, merges its adapters and brings the weights onto
   * the device. Needs memory for the model and one of its tensors.
   *
   * @param source which model, and where it may be looked for
   * @param options what is not to be as the model's files say
   * @param listener told how far loading is
   * @throws io.github.llm2vec.files.ModelException if a part is missing, damaged or not supported
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if an option does not fit the model
   */
  public static Llm2Vec open(ModelSource source, Llm2VecOptions options, LoadListener listener)
      throws IOException {
    return new CheckpointOpener(options).open(source, listener);
  }

  /**
   * What the vectors of a model will be, found out without opening it: its files are resolved and
   * sampled, no weights are loaded and nothing native runs. {@link #open(ModelSource,
   * Llm2VecOptions)} with the same arguments gives an encoder of this fingerprint and width.
   *
   * @throws io.github.llm2vec.files.ModelException if a part is missing, damaged or not supported
   * @throws IOException if a file cannot be read
   */
  public static VectorIdentity identify(ModelSource source, Llm2VecOptions options)
      throws IOException {
    return new CheckpointOpener(options).identify(source);
  }

  /**
   * Checks that a model opens: everything that {@link #open(ModelSource, Llm2VecOptions,
   * LoadListener)} does but keeping the weights, which are read one block at a time. What opens
   * passes, what does not fails for the same reason; a GPU that has too little memory is not found
   * out.
   *
   * @param listener told how far reading is
   * @throws io.github.llm2vec.files.ModelException if a part is missing, damaged or not supported
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if an option does not fit the model
   */
  public static VectorIdentity check(
      ModelSource source, Llm2VecOptions options, LoadListener listener) throws IOException {
    return new CheckpointOpener(options).check(source, listener);
  }

  @Override
  public int dimensions() {
    return dimensions;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  /** How texts are prepared and pooled, after everything left open was settled. */
  public TextSettings settings() {
    return settings;
  }

  /** Whether vectors are scaled to length one. */
  public boolean normalized() {
    return normalize;
  }

  /** Most tokens that go through the model at once. */
  public int maxBatchTokens() {
    return maxBatchTokens;
  }

  /** The model that runs, for its architecture, dtype and device. */
  public Decoder decoder() {
    return decoder;
  }

  /**
   * How a text is brought before the model: its token ids and what of them is pooled. For looking,
   * counting and cutting; {@link #encode} does it by itself.
   */
  public TokenizedText tokenize(String text, Prompt prompt) {
    requireOpen();
    return preparation.prepare(text, prompt);
  }

  @Override
  public Optional<TokenSpans> tokenSpans(String text) {
    requireOpen();
    return Optional.of(tokenizer.encodeWithSpans(text));
  }

  /** Tokenises texts on several threads; see {@link #tokenize}. */
  public List<TokenizedText> tokenizeAll(List<String> texts, Prompt prompt) {
    requireOpen();
    return preparation.prepareAll(texts, prompt, tokenizerThreads, parallelism);
  }

  /** The tokenizer, owned by this encoder. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * {@inheritDoc}
   *
   * @throws io.github.llm2vec.torch.DeviceException if libtorch fails, for example for want of
   *     memory; the encoder stays usable
   */
  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    requireOpen();
    for (int i = 0; i < texts.size(); i++) {
      Objects.requireNonNull(texts.get(i), "text " + i);
    }
    List<TokenizedText> tokenized = tokenizeAll(texts, prompt);
    return finish(batches.encode(tokenized, rowLengths(texts, tokenized)));
  }

  /**
   * Encodes texts that were tokenised before. Equals {@link #encode}, except that {@link
   * CompatibilityFlag#EMPTY_POOLS_PADDING} finds no padding here: an empty text is averaged over
   * its own tokens.
   *
   * @throws io.github.llm2vec.torch.DeviceException if libtorch fails, for example for want of
   *     memory; the encoder stays usable
   */
  public float[][] encodeTokenized(List<TokenizedText> texts) {
    requireOpen();
    int[] lengths = texts.stream().mapToInt(TokenizedText::length).toArray();
    return finish(batches.encode(texts, lengths));
  }

  private float[][] finish(float[][] vectors) {
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = Vectors.finish(modules.apply(vectors[i]), dimensions, normalize);
    }
    return vectors;
  }

  private int[] rowLengths(List<String> texts, List<TokenizedText> tokenized) {
    int[] tokens = tokenized.stream().mapToInt(TokenizedText::length).toArray();
    if (tokenized.stream().noneMatch(TokenizedText::poolsPadding)) {
      return tokens;
    }
    int[] characters = texts.stream().mapToInt(String::length).toArray();
    return UpstreamPadding.lengths(characters, tokens);
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("this encoder is closed");
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      tokenizerThreads.shutdown();
      try {
        decoder.close();
      } finally {
        tokenizer.close();
      }
    }
  }
}

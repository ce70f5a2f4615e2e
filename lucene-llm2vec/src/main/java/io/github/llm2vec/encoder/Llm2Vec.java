/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.TokenSpans;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerThreads;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.DecoderAdapter;
import io.github.llm2vec.torch.DeviceException;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apiguardian.api.API;

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
public final class Llm2Vec implements TextEncoder, BatchModel {

  /** Fewer tokens are not divided among devices: a batch of them mostly reads the weights. */
  private static final int LEAST_SHARE = 256;

  /**
   * Words of the longest query of a warm-up. Code that libtorch compiles is for eight tokens more
   * or fewer, so there is a query of every eighth length.
   */
  private static final int WARM_UP_WORDS = 57;

  /** After so long no further query of a warm-up begins: a model that slow gains little by them. */
  private static final Duration WARM_UP_TIME = Duration.ofSeconds(1);

  private final DecoderPool decoders;
  private final Tokenizer tokenizer;
  private final TextPreparation preparation;
  private final TextSettings settings;
  private final TextPacker packer;
  private final Llm2VecOptions options;
  private final AdapterOpener adapterOpener;
  private final Map<String, Adapter> adapters = new ConcurrentSkipListMap<>();
  private final VectorModules modules;
  private final int dimensions;
  private final boolean normalize;
  private final String fingerprint;
  private final String tokenizerFingerprint;
  private final int parallelism;
  private final ExecutorService tokenizerThreads;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Opens an adapter beside the model's weights on every device. */
  @FunctionalInterface
  interface AdapterOpener {
    Adapter open(String name, String adapter, List<Decoder> decoders) throws IOException;
  }

  Llm2Vec(
      DecoderPool decoders,
      Tokenizer tokenizer,
      EncodingSettings encoding,
      VectorModules modules,
      Llm2VecOptions options,
      String fingerprint,
      AdapterOpener adapterOpener) {
    this.adapterOpener = adapterOpener;
    this.decoders = decoders;
    this.tokenizer = tokenizer;
    this.settings = encoding.text();
    this.preparation = new TextPreparation(tokenizer, settings);
    this.normalize = encoding.normalize();
    this.modules = modules;
    this.dimensions = encoding.dimensions(modules.width());
    this.options = options;
    this.packer = new TextPacker(settings.poolings(), tokenizer.padId().orElse(0));
    this.fingerprint = fingerprint;
    this.tokenizerFingerprint = tokenizer.fingerprint();
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

  /**
   * Opens a LoRA adapter beside the model; nothing of the model is read again, and nobody waits but
   * for the transfer of the adapter itself. If one of that name is open, this one takes its place;
   * texts that are under way keep the one that they began with.
   *
   * @param name by which it is chosen
   * @param adapter folder or hub id, looked for where the model was
   * @throws io.github.llm2vec.files.ModelException if it is missing, damaged, does not fit the
   *     model, or needs more than low-rank products beside the weights, as DoRA does
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if its files ask for another pooling, template, length or
   *     tokenizer than the model has
   */
  public Adapter openAdapter(String name, String adapter) throws IOException {
    requireOpen();
    if (name.isBlank()) {
      throw new IllegalArgumentException("an adapter needs a name");
    }
    Adapter opened = adapterOpener.open(name, adapter, decoders.all());
    adapters.put(name, opened);
    return opened;
  }

  /**
   * Closes an adapter: no text is encoded with it any more but those under way. Its memory is freed
   * with the next garbage collection after the last of them.
   *
   * @throws IllegalArgumentException if none of that name is open
   */
  public void closeAdapter(String name) {
    if (adapters.remove(name) == null) {
      throw Adapter.unknown(name, adapters.keySet());
    }
  }

  @Override
  public Adapter adapter(String name) {
    Adapter adapter = adapters.get(name);
    if (adapter == null) {
      throw Adapter.unknown(name, adapters.keySet());
    }
    return adapter;
  }

  @Override
  public List<Adapter> adapters() {
    return List.copyOf(adapters.values());
  }

  /**
   * Encodes texts with an adapter; see {@link #encode(List, Prompt)}.
   *
   * @param adapter name of one that is open
   * @throws IllegalArgumentException if there is none of that name
   */
  public float[][] encode(List<String> texts, Prompt prompt, String adapter) {
    return encode(texts, prompt, Optional.of(adapter(adapter)));
  }

  /** How texts are prepared and pooled, after everything left open was settled. */
  public TextSettings settings() {
    return settings;
  }

  /** Whether vectors are scaled to length one. */
  public boolean normalized() {
    return normalize;
  }

  @Override
  public int maxBatchTokens() {
    return options.maxBatchTokens();
  }

  @Override
  public BatchLayout layout() {
    return layout(decoders.first());
  }

  private static BatchLayout layout(Decoder decoder) {
    boolean gpu = decoder.options().device().type() == TorchDevice.Type.CUDA;
    return gpu ? BatchLayout.PADDED_ATTENTION : BatchLayout.PACKED;
  }

  @Override
  public ModelFacts facts() {
    return new ModelFacts(
        decoders.names(),
        options.dtype().configName(),
        decoders.first().kernelDescription(),
        tokenizerFingerprint);
  }

  @Override
  public List<BatchDevice> devices() {
    return decoders.all().stream().<BatchDevice>map(OneDevice::new).toList();
  }

  /** One of the decoders as a device of this model. */
  private final class OneDevice implements BatchDevice {

    private final Decoder decoder;

    OneDevice(Decoder decoder) {
      this.decoder = decoder;
    }

    @Override
    public String name() {
      return decoders.name(decoder);
    }

    @Override
    public BatchLayout layout() {
      return Llm2Vec.layout(decoder);
    }

    @Override
    public int maxBatchTokens() {
      return options.maxBatchTokens(decoder.options().device());
    }

    @Override
    public float[][] encode(List<TokenizedText> texts) {
      return encodeOn(List.of(decoder), texts);
    }
  }

  /** The model that runs, on the first device, for its architecture, dtype and device. */
  @API(status = API.Status.INTERNAL)
  public Decoder decoder() {
    return decoders.first();
  }

  /**
   * How a text is brought before the model: its token ids and what of them is pooled. For looking,
   * counting and cutting; {@link #encode(List, Prompt)} does it by itself.
   */
  @Override
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
  @Override
  public List<TokenizedText> tokenizeAll(List<String> texts, Prompt prompt) {
    requireOpen();
    return preparation.prepareAll(texts, prompt, tokenizerThreads, parallelism);
  }

  /** The tokenizer, owned by this encoder. */
  @API(status = API.Status.INTERNAL)
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
    return encode(texts, prompt, Optional.empty());
  }

  private float[][] encode(List<String> texts, Prompt prompt, Optional<Adapter> adapter) {
    requireOpen();
    for (int i = 0; i < texts.size(); i++) {
      Objects.requireNonNull(texts.get(i), "text " + i);
    }
    List<TokenizedText> tokenized =
        tokenizeAll(texts, prompt).stream().map(text -> text.with(adapter)).toList();
    return run(decoders.all(), tokenized, rowLengths(texts, tokenized));
  }

  /**
   * Encodes texts that were tokenised before. Equals {@link #encode(List, Prompt)}, except that
   * {@link CompatibilityFlag#EMPTY_POOLS_PADDING} finds no padding here: an empty text is averaged
   * over its own tokens.
   *
   * @throws DeviceOutOfMemoryException if memory does not suffice; the encoder stays usable
   * @throws DeviceException if libtorch fails otherwise; the encoder stays usable
   */
  @Override
  public float[][] encode(List<TokenizedText> texts) {
    return encodeOn(decoders.all(), texts);
  }

  private float[][] encodeOn(List<Decoder> on, List<TokenizedText> texts) {
    requireOpen();
    try {
      return run(on, texts, texts.stream().mapToInt(TokenizedText::length).toArray());
    } catch (DeviceException e) {
      throw e.outOfMemory() ? new DeviceOutOfMemoryException(e.getMessage(), e) : e;
    }
  }

  /**
   * Plans the batches, packs and runs them, and brings the vectors back into the order of the
   * texts.
   *
   * @param on whichever of these is free runs the next batch
   * @param wantedLengths for every text the length of its row, padding included; only rows that are
   *     pooled over their padding are really padded
   */
  private float[][] run(List<Decoder> on, List<TokenizedText> texts, int[] wantedLengths) {
    int[] lengths = new int[texts.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = TextPacker.rowLength(texts.get(i), wantedLengths[i]);
    }
    float[][] vectors = new float[texts.size()][];
    decoders.run(
        on,
        planner(on, lengths).plan(lengths).batches(),
        (decoder, batch) -> run(decoder, batch, texts, lengths, vectors));
    return vectors;
  }

  /** Batches of the full size, or of each device's even share if there is less than that. */
  private BatchPlanner planner(List<Decoder> on, int[] lengths) {
    int most =
        on.stream()
            .mapToInt(decoder -> options.maxBatchTokens(decoder.options().device()))
            .min()
            .orElseThrow();
    long tokens = Arrays.stream(lengths).asLongStream().sum();
    long share = Math.max(LEAST_SHARE, (tokens + on.size() - 1) / on.size());
    return new BatchPlanner(
        on.size() == 1 ? most : (int) Math.min(most, share),
        Integer.MAX_VALUE,
        BatchPlanner.Grouping.PACKED);
  }

  private void run(
      Decoder decoder,
      BatchPlanner.Batch batch,
      List<TokenizedText> texts,
      int[] lengths,
      float[][] vectors) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    List<DecoderAdapter.Segment> segments = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    int tokens = 0;
    // The texts of each adapter side by side, which keep their order by length.
    for (Map.Entry<Optional<Adapter>, List<Integer>> group : byAdapter(batch, texts).entrySet()) {
      int first = tokens;
      for (int index : group.getValue()) {
        packer.add(builder, texts.get(index), lengths[index]);
        tokens += lengths[index];
      }
      order.addAll(group.getValue());
      if (group.getKey().isPresent()) {
        DecoderAdapter adapter = group.getKey().get().of(decoder);
        segments.add(new DecoderAdapter.Segment(adapter, first, tokens - first));
      }
    }
    float[][] rows = decoder.forward(builder.build(), segments);
    int row = 0;
    for (int index : order) {
      float[] pooled = packer.join(rows, row, texts.get(index));
      vectors[index] = Vectors.finish(modules.apply(pooled), dimensions, normalize);
      row += packer.vectors(texts.get(index));
    }
  }

  private static Map<Optional<Adapter>, List<Integer>> byAdapter(
      BatchPlanner.Batch batch, List<TokenizedText> texts) {
    Map<Optional<Adapter>, List<Integer>> groups = new LinkedHashMap<>();
    for (int index : batch.texts()) {
      groups.computeIfAbsent(texts.get(index).adapter(), adapter -> new ArrayList<>()).add(index);
    }
    return groups;
  }

  private int[] rowLengths(List<String> texts, List<TokenizedText> tokenized) {
    int[] tokens = tokenized.stream().mapToInt(TokenizedText::length).toArray();
    if (tokenized.stream().noneMatch(TokenizedText::poolsPadding)) {
      return tokens;
    }
    int[] characters = texts.stream().mapToInt(String::length).toArray();
    return UpstreamPadding.lengths(characters, tokens);
  }

  /**
   * Encodes short queries of several lengths on every device, for about a second at most. libtorch
   * prepares the module, compiles code and starts its threads when they first come.
   */
  @Override
  public void warmUp() {
    for (BatchDevice device : devices()) {
      long start = System.nanoTime();
      int words = 1;
      do {
        device.encode(List.of(tokenize("word ".repeat(words), Prompt.query())));
        words += 8;
      } while (words <= WARM_UP_WORDS && System.nanoTime() - start < WARM_UP_TIME.toNanos());
    }
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
      adapters.clear();
      try {
        decoders.close();
      } finally {
        tokenizer.close();
      }
    }
  }
}

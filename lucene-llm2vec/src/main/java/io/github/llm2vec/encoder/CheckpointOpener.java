/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.Llm2VecConfig;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.SentenceTransformersConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.encoder.Llm2Vec.AdapterOpener;
import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.DecoderAdapter;
import io.github.llm2vec.torch.DecoderOptions;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the parts of an encoder together: files, tokenizer, settings, weights. */
record CheckpointOpener(Llm2VecOptions options) {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointOpener.class);

  VectorIdentity identify(ModelSource source) throws IOException {
    return prepare(source).identity();
  }

  /** All that {@link #open} does, except that weights are looked at and not kept. */
  VectorIdentity check(ModelSource source, LoadListener listener) throws IOException {
    Prepared prepared = prepare(source);
    prepared.openTokenizer(options.compatibility()).close();
    options.devices().forEach(TorchRuntime::require);
    VectorIdentity identity = prepared.identity();
    return withWeights(
        prepared,
        options.device(),
        (weights, decoder) -> {
          Decoder.check(prepared.spec(), weights, decoder, listener);
          return identity;
        });
  }

  private Prepared prepare(ModelSource source) throws IOException {
    ResolvedCheckpoint checkpoint = resolve(source);
    EncodingSettings settings =
        EncodingSettings.of(checkpoint, ownConfig(checkpoint, source), options);
    DecoderSpec spec = attention(checkpoint.spec());
    VectorModules modules =
        VectorModules.load(settings.pooledWidth(spec.outputSize()), settings.modules());
    return new Prepared(checkpoint, settings, spec, modules);
  }

  /** A checkpoint whose small files are read, and with them all questions settled. */
  private record Prepared(
      ResolvedCheckpoint checkpoint,
      EncodingSettings settings,
      DecoderSpec spec,
      VectorModules modules) {

    VectorIdentity identity() throws IOException {
      return new VectorIdentity(
          fingerprint(checkpoint, spec, settings, modules), settings.dimensions(modules.width()));
    }

    /** The tokenizer, which fits the settings. To be closed by the caller. */
    Tokenizer openTokenizer(Compatibility compatibility) throws IOException {
      boolean lowercase =
          checkpoint
              .sentenceTransformers()
              .map(SentenceTransformersConfig::lowercase)
              .orElse(false);
      Tokenizer tokenizer =
          Tokenizer.open(
              checkpoint.tokenizerFolder(),
              compatibility
                  .tokenizerOptions()
                  .withLowercase(lowercase)
                  .withEmbeddingRows(spec.vocabSize()));
      try {
        new TextPreparation(tokenizer, settings.text());
        if (settings.text().poolings().contains(Pooling.BOS_TOKEN)) {
          requireBos(tokenizer);
        }
        return tokenizer;
      } catch (RuntimeException e) {
        tokenizer.close();
        throw e;
      }
    }
  }

  private static void requireBos(Tokenizer tokenizer) {
    if (tokenizer.bosId().isEmpty()
        || !tokenizer.prefixIds().contains(tokenizer.bosId().getAsInt())) {
      throw new IllegalArgumentException(
          "pooling bos_token needs a beginning-of-sequence token, but the tokenizer puts none"
              + " before a text; choose another pooling");
    }
  }

  private ResolvedCheckpoint resolve(ModelSource source) throws IOException {
    return new CheckpointResolver(source.resolver())
        .resolve(
            new CheckpointResolver.Request(
                source.model(), source.adapters(), options.enableBidirectional()));
  }

  Llm2Vec open(ModelSource source, LoadListener listener) throws IOException {
    Prepared prepared = prepare(source);
    prepared
        .settings()
        .similarityLost(prepared.checkpoint())
        .ifPresent(lost -> LOG.warn("{}: {}", source.model(), lost));
    // What the text side refuses is refused before gigabytes are read.
    Tokenizer tokenizer = prepared.openTokenizer(options.compatibility());
    try {
      String fingerprint = prepared.identity().fingerprint();
      AdapterOpener adapters =
          (name, adapter, decoders) -> openAdapter(name, adapter, decoders, source, prepared);
      return assemble(decoders(prepared, listener), tokenizer, prepared, fingerprint, adapters);
    } catch (IOException | RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Opens an adapter beside a model: resolved as if it were merged last, and refused if that would
   * change anything but the weights.
   */
  private Adapter openAdapter(
      String name, String folder, List<Decoder> decoders, ModelSource base, Prepared of)
      throws IOException {
    List<String> chain = new ArrayList<>(base.adapters());
    chain.add(folder);
    Prepared with = prepare(new ModelSource(base.model(), chain, base.resolver()));
    requireSame(name, "attention or the decoder", of.spec(), with.spec());
    requireSame(name, "pooling, template or lengths", of.settings(), with.settings());
    requireSame(
        name, "tokenizer", of.checkpoint().tokenizerFolder(), with.checkpoint().tokenizerFolder());
    List<LoraAdapter> opened = with.checkpoint().openAdapters();
    try {
      LoraAdapter adapter = opened.get(opened.size() - 1);
      Map<Decoder, DecoderAdapter> ofDecoders = new HashMap<>();
      for (Decoder decoder : decoders) {
        Optional<Decoder> same =
            ofDecoders.keySet().stream().filter(decoder::sharesWeightsWith).findFirst();
        ofDecoders.put(
            decoder,
            same.isPresent()
                ? Objects.requireNonNull(ofDecoders.get(same.get()))
                : decoder.openAdapter(adapter));
      }
      return new Adapter(name, with.identity().fingerprint(), ofDecoders);
    } finally {
      Closeables.all(opened);
    }
  }

  private static void requireSame(String name, String what, Object base, Object with) {
    if (!base.equals(with)) {
      throw new IllegalArgumentException(
          "adapter '%s' asks for another %s than its base; beside a base it changes weights alone. Set"
                  .formatted(name, what)
              + " what its files say as options of the base, or merge it");
    }
  }

  /** Upstream tests for a file of that name, which a hub id never is. */
  private Llm2VecConfig ownConfig(ResolvedCheckpoint checkpoint, ModelSource source) {
    List<String> adapters = source.adapters();
    String last = adapters.isEmpty() ? source.model() : adapters.get(adapters.size() - 1);
    Path folder = source.resolver().root().orElse(Path.of("")).resolve(last);
    boolean ignored =
        options.compatibility().has(CompatibilityFlag.IGNORE_HUB_CONFIG)
            && !Files.isDirectory(folder);
    return ignored ? Llm2VecConfig.EMPTY : checkpoint.llm2vecConfig();
  }

  private Llm2Vec assemble(
      DecoderPool decoders,
      Tokenizer tokenizer,
      Prepared prepared,
      String fingerprint,
      AdapterOpener adapters) {
    try {
      return new Llm2Vec(
          decoders,
          tokenizer,
          prepared.settings(),
          prepared.modules(),
          options,
          fingerprint,
          adapters);
    } catch (RuntimeException e) {
      decoders.close();
      throw e;
    }
  }

  private DecoderSpec attention(DecoderSpec spec) {
    boolean upstreamQwen2 =
        spec.modelType().equals("qwen2")
            && options.compatibility().has(CompatibilityFlag.QWEN2_CAUSAL);
    return upstreamQwen2 ? spec.withCausal(true) : spec;
  }

  /** A decoder per device; weights are read once per GPU, and once for all that is the CPU. */
  private DecoderPool decoders(Prepared prepared, LoadListener listener) throws IOException {
    List<Decoder> decoders = new ArrayList<>();
    try {
      for (TorchDevice device : options.devices()) {
        Optional<Decoder> same =
            decoders.stream().filter(other -> other.options().device().equals(device)).findFirst();
        decoders.add(
            same.isPresent()
                ? same.get().replicate(threads())
                : decoder(prepared, device, listener));
      }
      return new DecoderPool(decoders);
    } catch (IOException | RuntimeException | Error e) {
      decoders.forEach(Decoder::close);
      throw e;
    }
  }

  private Decoder decoder(Prepared prepared, TorchDevice device, LoadListener listener)
      throws IOException {
    return withWeights(
        prepared,
        device,
        (weights, decoder) -> Decoder.load(prepared.spec(), weights, decoder, listener));
  }

  private int threads() {
    return TorchRuntime.threads(options.devices(), options.threads());
  }

  /** What is done with the weights of a checkpoint while they are open. */
  private interface WeightsUse<T> {

    T use(CheckpointWeights weights, DecoderOptions decoder) throws IOException;
  }

  private <T> T withWeights(Prepared prepared, TorchDevice device, WeightsUse<T> use)
      throws IOException {
    ResolvedCheckpoint checkpoint = prepared.checkpoint();
    int maxTokens = prepared.settings().text().maxLength();
    List<LoraAdapter> adapters = checkpoint.openAdapters();
    try (TensorSource weights = checkpoint.openWeights()) {
      return use.use(
          CheckpointWeights.of(weights, adapters, checkpoint.weightsSource().toString()),
          new DecoderOptions(options.dtype(), device, maxTokens, true, threads()));
    } finally {
      Closeables.all(adapters);
    }
  }

  /**
   * Everything that shapes a vector; the dtype does not count, it only rounds. Written out field by
   * field, because it must be the same in every process and every version.
   */
  private static String fingerprint(
      ResolvedCheckpoint checkpoint,
      DecoderSpec spec,
      EncodingSettings settings,
      VectorModules modules)
      throws IOException {
    TextSettings text = settings.text();
    ChatTemplate template = text.template();
    String description =
        String.join(
            "\n",
            checkpoint.fingerprint(),
            spec.causal() ? "causal" : "bidirectional",
            template.head(),
            template.queryPattern(),
            template.documentPattern(),
            template.defaultInstruction(),
            template.tail(),
            text.poolings().stream().map(Pooling::optionName).collect(Collectors.joining("+")),
            Integer.toString(text.maxLength()),
            Integer.toString(text.docMaxLength()),
            text.skipInstruction() ? (text.countsPrompt() ? "after prompt" : "text") : "all",
            flags(text.compatibility()),
            settings.normalize() ? "normalized" : "raw",
            Integer.toString(settings.dimensions(modules.width())));
    MessageDigest digest = ContentHash.digest("SHA-256");
    digest.update(description.getBytes(StandardCharsets.UTF_8));
    modules.digest(digest);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String flags(Compatibility compatibility) {
    return compatibility.flags().stream()
        .map(CompatibilityFlag::optionName)
        .sorted()
        .collect(Collectors.joining(","));
  }
}

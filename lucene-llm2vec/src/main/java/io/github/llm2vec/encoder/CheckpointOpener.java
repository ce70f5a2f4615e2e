/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.model.CheckpointResolver;
import io.github.llm2vec.model.DecoderSpec;
import io.github.llm2vec.model.Llm2VecConfig;
import io.github.llm2vec.model.LoraAdapter;
import io.github.llm2vec.model.ResolvedCheckpoint;
import io.github.llm2vec.model.TensorSource;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.DecoderOptions;
import io.github.llm2vec.torch.LoadListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** Puts the parts of an encoder together: files, tokenizer, settings, weights. */
final class CheckpointOpener {

  private final Llm2VecOptions options;

  CheckpointOpener(Llm2VecOptions options) {
    this.options = options;
  }

  VectorIdentity identify(ModelSource source) throws IOException {
    ResolvedCheckpoint checkpoint = resolve(source);
    EncodingSettings settings =
        EncodingSettings.of(checkpoint, ownConfig(checkpoint, source), options);
    DecoderSpec spec = attention(checkpoint.spec());
    return new VectorIdentity(
        fingerprint(checkpoint, spec, settings), options.dimensions().orElse(spec.hiddenSize()));
  }

  private ResolvedCheckpoint resolve(ModelSource source) throws IOException {
    return new CheckpointResolver(source.resolver())
        .resolve(
            new CheckpointResolver.Request(
                source.model(), source.adapters(), options.enableBidirectional()));
  }

  Llm2Vec open(ModelSource source, LoadListener listener) throws IOException {
    ResolvedCheckpoint checkpoint = resolve(source);
    EncodingSettings settings =
        EncodingSettings.of(checkpoint, ownConfig(checkpoint, source), options);
    DecoderSpec spec = attention(checkpoint.spec());
    Tokenizer tokenizer =
        Tokenizer.open(
            checkpoint.tokenizerFolder(),
            options.compatibility().tokenizerOptions().withEmbeddingRows(spec.vocabSize()));
    try {
      // What the text side refuses is refused before gigabytes are read.
      new TextPreparation(tokenizer, settings.text());
      Decoder decoder = decoder(checkpoint, spec, settings.text().maxLength(), listener);
      return assemble(decoder, tokenizer, settings, fingerprint(checkpoint, spec, settings));
    } catch (IOException | RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Upstream tests for a file of that name, which a hub id never is. */
  private Llm2VecConfig ownConfig(ResolvedCheckpoint checkpoint, ModelSource source) {
    List<String> adapters = source.adapters();
    String last = adapters.isEmpty() ? source.model() : adapters.get(adapters.size() - 1);
    Path folder = source.resolver().root().orElse(Path.of("")).resolve(last);
    boolean ignored =
        options.compatibility().has(Quirk.IGNORE_HUB_CONFIG) && !Files.isDirectory(folder);
    return ignored ? Llm2VecConfig.EMPTY : checkpoint.llm2vecConfig();
  }

  private Llm2Vec assemble(
      Decoder decoder, Tokenizer tokenizer, EncodingSettings settings, String fingerprint) {
    try {
      return new Llm2Vec(decoder, tokenizer, settings, options, fingerprint);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  private DecoderSpec attention(DecoderSpec spec) {
    boolean upstreamQwen2 =
        spec.modelType().equals("qwen2") && options.compatibility().has(Quirk.QWEN2_CAUSAL);
    return upstreamQwen2 ? spec.withCausal(true) : spec;
  }

  private Decoder decoder(
      ResolvedCheckpoint checkpoint, DecoderSpec spec, int maxTokens, LoadListener listener)
      throws IOException {
    List<LoraAdapter> adapters = checkpoint.openAdapters();
    try (TensorSource weights = checkpoint.openWeights()) {
      return Decoder.load(
          spec,
          CheckpointWeights.of(weights, adapters, checkpoint.weightsSource().toString()),
          new DecoderOptions(options.dtype(), options.device(), maxTokens, true),
          listener);
    } finally {
      for (LoraAdapter adapter : adapters) {
        adapter.close();
      }
    }
  }

  /**
   * Everything that shapes a vector; the dtype does not count, it only rounds. Written out field by
   * field, because it must be the same in every process and every version.
   */
  private String fingerprint(
      ResolvedCheckpoint checkpoint, DecoderSpec spec, EncodingSettings settings)
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
            text.pooling().optionName(),
            Integer.toString(text.maxLength()),
            Integer.toString(text.docMaxLength()),
            text.skipInstruction() ? "text" : "all",
            quirks(text.compatibility()),
            settings.normalize() ? "normalized" : "raw",
            Integer.toString(options.dimensions().orElse(spec.outputSize())));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(description.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256; this is a bug", e);
    }
  }

  private static String quirks(Compatibility compatibility) {
    return compatibility.quirks().stream()
        .map(Quirk::optionName)
        .sorted()
        .collect(Collectors.joining(","));
  }
}

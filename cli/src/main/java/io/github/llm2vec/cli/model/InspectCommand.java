/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.encoder.EncodingSettings;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.DecoderOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code llm2vec inspect}: what a model is, and whether it opens, without running it. */
@Command(
    name = "inspect",
    description = {
      "Says what a model is and how it would encode, and checks that it opens: its weights are",
      "read once, but not kept in memory."
    },
    footer = {
      "  llm2vec inspect --model mini",
      "  llm2vec inspect --model ./my-model --adapter ./my-adapter --pooling eos_token"
    })
public final class InspectCommand implements Callable<Integer> {

  private final Console console;
  private final ModelFinder finder;

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions model;

  public InspectCommand(Console console, ModelFinder finder) {
    this.console = console;
    this.finder = finder;
  }

  @Override
  public Integer call() throws IOException {
    String name = model.required(spec);
    VectorIdentity identity = check(name);
    ResolvedCheckpoint checkpoint =
        finder.find(
            model.allowDownload(),
            new CheckpointResolver.Request(
                name, model.adapters(), model.settings().enableBidirectional()));
    decoder(checkpoint);
    texts(checkpoint, identity.dimensions());
    weights(checkpoint);
    kernel();
    adapters(checkpoint);
    line("fingerprint", identity.fingerprint());
    return ExitCode.OK;
  }

  /** Fails with what would keep the model from being opened. */
  private VectorIdentity check(String name) throws IOException {
    try (LoadingDisplay display = new LoadingDisplay(console)) {
      ModelSource source =
          new ModelSource(name, model.adapters(), finder.resolver(model.allowDownload(), display));
      return Llm2Vec.check(source, model.settings(), display::loaded);
    }
  }

  private void decoder(ResolvedCheckpoint checkpoint) {
    DecoderSpec decoder = checkpoint.spec();
    line("model", checkpoint.weightsSource() + " (" + decoder.modelType() + ")");
    if (!checkpoint.nameOrPath().isEmpty()) {
      line("name", checkpoint.nameOrPath());
    }
    line(
        "layers",
        String.format(
            Locale.ROOT,
            "%d of width %,d; %d heads of %d, %d of them for keys and values; MLP %,d",
            decoder.layers().size(),
            decoder.hiddenSize(),
            decoder.attention().heads(),
            decoder.layers().get(0).headDim(),
            decoder.layers().get(0).kvHeads(),
            decoder.intermediateSize()));
    line("attention", decoder.causal() ? "causal" : "bidirectional");
    line("vocabulary", String.format(Locale.ROOT, "%,d tokens", decoder.vocabSize()));
  }

  private void texts(ResolvedCheckpoint checkpoint, int dimensions) {
    EncodingSettings settings = EncodingSettings.of(checkpoint, model.settings());
    TextSettings text = settings.text();
    line(
        "vectors",
        String.format(
            Locale.ROOT,
            "%,d dimensions, %s",
            dimensions,
            settings.normalize() ? "scaled to length 1" : "of any length"));
    line(
        "pooling",
        text.poolings().stream().map(Pooling::optionName).collect(Collectors.joining(", "))
            + (text.skipInstruction() ? ", instructions left out" : ", instructions included"));
    settings.similarityLost(checkpoint).ifPresent(lost -> line("note", lost));
    line("template", text.template().name());
    boolean shortened = text.docMaxLength() < text.maxLength();
    line(
        "longest input",
        String.format(Locale.ROOT, "%,d tokens", text.maxLength())
            + (shortened
                ? String.format(Locale.ROOT, ", of the text itself %,d", text.docMaxLength())
                : ""));
  }

  private void weights(ResolvedCheckpoint checkpoint) throws IOException {
    try (TensorSource weights = checkpoint.openWeights()) {
      long parameters = 0;
      for (String tensor : weights.names()) {
        parameters +=
            Arrays.stream(weights.shape(tensor).orElseThrow()).reduce(1, Math::multiplyExact);
      }
      line("parameters", String.format(Locale.ROOT, "%,d", parameters));
      DecoderSpec decoder = checkpoint.spec();
      // Of int8 and int4 the embeddings have 16 bits.
      long embeddings = (long) decoder.vocabSize() * decoder.hiddenSize();
      line(
          "memory",
          "%s as float32, %s as bfloat16 or float16, %s as int8, %s as int4, and room for a batch"
              .formatted(
                  memory(parameters * DType.FLOAT32.bits()),
                  memory(parameters * DType.BFLOAT16.bits()),
                  memory(
                      (parameters - embeddings) * DType.INT8.bits()
                          + embeddings * DType.FLOAT16.bits()),
                  memory(
                      (parameters - embeddings) * DType.INT4.bits()
                          + embeddings * DType.FLOAT16.bits())));
    }
  }

  private void kernel() {
    Llm2VecOptions settings = model.settings();
    DecoderOptions options = new DecoderOptions(settings.dtype(), settings.device(), 1, true);
    line(
        "linear layers",
        settings.dtype().configName() + " by " + Decoder.kernelDescription(options));
  }

  private static String memory(long bits) {
    double megabytes = bits / 8e6;
    return megabytes < 1000
        ? String.format(Locale.ROOT, "%.1f MB", megabytes)
        : String.format(Locale.ROOT, "%.1f GB", megabytes / 1000);
  }

  private void adapters(ResolvedCheckpoint checkpoint) throws IOException {
    for (LoraAdapter adapter : checkpoint.openAdapters()) {
      try (adapter) {
        String ranks =
            adapter.modules().stream()
                .map(module -> adapter.delta(module).orElseThrow().rank())
                .distinct()
                .sorted()
                .map(String::valueOf)
                .collect(Collectors.joining(", "));
        line(
            "adapter",
            "%s (changes %s tensors".formatted(adapter.folder(), adapter.changedTensors().size())
                + (ranks.isEmpty() ? ")" : ", rank " + ranks + ")"));
      }
    }
  }

  private void line(String what, String value) {
    console.say("%-14s %s", what, value);
  }
}

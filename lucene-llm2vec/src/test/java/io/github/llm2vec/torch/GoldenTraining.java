/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.DecoderTrainer.Kind;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The golden Llama with a head and an adapter by its own formula, and batches for it. */
final class GoldenTraining {

  static final Path FOLDER = Path.of("src/test/resources/checkpoints/golden-llama");
  static final String HEAD = "lm_head.weight";

  private static final int[][] TRIPLES = {
    {5, 6, 7, 8}, {1, 9, 10, 11, 12, 13},
    {5, 6, 7, 8, 14}, {1, 9, 10, 11},
    {1, 20, 21, 22, 23, 24}, {1, 25, 26, 27, 28, 29}
  };

  private GoldenTraining() {}

  /** Two ranks on every linear layer. */
  static LoraOptions lora(double dropout) {
    return new LoraOptions(2, 4, dropout, LoraOptions.ALL_TARGETS);
  }

  static TrainOptions options(LanguageModelHead head, double dropout) {
    return TrainOptions.of(lora(dropout), head, 64, 42);
  }

  /** The closed-form checkpoint of an architecture. */
  static Path folder(String model) {
    return Path.of("src/test/resources/checkpoints/golden-" + model);
  }

  static DecoderSpec spec() throws IOException {
    return spec(FOLDER);
  }

  static DecoderSpec spec(Path folder) throws IOException {
    return DecoderConfig.read(folder.resolve("config.json")).spec().withCausal(false);
  }

  /** The same with dropout of attention probabilities and of layers. */
  static TrainOptions dropping(TrainOptions options, double attention, double layers) {
    return new TrainOptions(
        options.trained(),
        options.head(),
        options.dtype(),
        options.devices(),
        options.maxTokens(),
        attention,
        layers,
        options.checkpointingBeyond(),
        options.denseWidth(),
        options.seed());
  }

  /** The same in another dtype and with a linear layer behind the pooling. */
  static TrainOptions with(TrainOptions options, DType dtype, int denseWidth) {
    return new TrainOptions(
        options.trained(),
        options.head(),
        dtype,
        options.devices(),
        options.maxTokens(),
        options.attentionDropout(),
        options.layerDrop(),
        options.checkpointingBeyond(),
        denseWidth,
        options.seed());
  }

  static DecoderTrainer open(TrainOptions options) throws IOException {
    return open(spec(), options);
  }

  static DecoderTrainer open(DecoderSpec spec, TrainOptions options) throws IOException {
    return open(FOLDER, spec, options);
  }

  static DecoderTrainer open(Path folder, DecoderSpec spec, TrainOptions options)
      throws IOException {
    DecoderTrainer trainer = openAsLoaded(folder, spec, options);
    for (String name : trainer.names()) {
      if (name.contains("lora_")) {
        long elements = trainer.shape(name).get(0) * trainer.shape(name).get(1);
        trainer.set(Kind.VALUE, name, rule(name, 0, (int) elements, 0.1));
      }
    }
    return trainer;
  }

  /** With an adapter that changes nothing yet. */
  static DecoderTrainer openAsLoaded(DecoderSpec spec, TrainOptions options) throws IOException {
    return openAsLoaded(FOLDER, spec, options);
  }

  private static DecoderTrainer openAsLoaded(Path folder, DecoderSpec spec, TrainOptions options)
      throws IOException {
    try (TensorSource tensors = Safetensors.openFolder(folder)) {
      return DecoderTrainer.open(
          spec,
          CheckpointWeights.of(new WithHead(tensors), folder.toString()),
          options,
          LoadListener.NONE);
    }
  }

  /** The closed form of the golden checkpoints' weights. */
  static float[] rule(String name, long first, int count, double amplitude) {
    int sum = 0;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      sum += b & 0xFF;
    }
    float[] values = new float[count];
    for (int k = 0; k < count; k++) {
      values[k] = (float) (amplitude * Math.sin(0.37 * (first + k) + 0.11 * sum));
    }
    return values;
  }

  static PackedBatch masked(boolean padded) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    if (padded) {
      builder.add(new int[] {2, 2, 5, 3, 7, 3}, 2).label(3, 6).label(5, 8);
    } else {
      builder.add(new int[] {5, 3, 7, 3}, 0).label(1, 6).label(3, 8);
    }
    return builder.add(new int[] {1, 9, 3, 11, 12, 13}, 0).label(2, 10).build();
  }

  /** Four texts in which every token but the first is predicted. */
  static PackedBatch sentences() {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int[] text : Arrays.copyOf(TRIPLES, 4)) {
      builder.add(text, 0);
      for (int position = 1; position < text.length; position++) {
        builder.label(position, text[position]);
      }
    }
    return builder.build();
  }

  static int[][] triplesAsRows() {
    return Arrays.stream(TRIPLES).map(int[]::clone).toArray(int[][]::new);
  }

  /** Two queries, their positives and their negatives, averaged. */
  static PackedBatch triples() {
    return triplesInParts(TRIPLES.length).get(0);
  }

  /** The same in batches of some texts. */
  static List<PackedBatch> triplesInParts(int size) {
    List<PackedBatch> parts = new ArrayList<>();
    for (int first = 0; first < TRIPLES.length; first += size) {
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int[] text : Arrays.copyOfRange(TRIPLES, first, Math.min(first + size, 6))) {
        builder.add(text, 0);
        for (int position = 0; position < text.length; position++) {
          builder.pool(position, 1f / text.length);
        }
      }
      parts.add(builder.build());
    }
    return parts;
  }

  /** The golden checkpoint with a head, which it lacks, by the same rule. */
  private record WithHead(TensorSource tensors) implements TensorSource {

    @Override
    public Set<String> names() {
      Set<String> names = new HashSet<>(tensors.names());
      names.add(HEAD);
      return names;
    }

    @Override
    public Optional<long[]> shape(String name) {
      return name.equals(HEAD) ? Optional.of(new long[] {32, 16}) : tensors.shape(name);
    }

    @Override
    public void read(String name, long firstElement, FloatBuffer target) throws IOException {
      if (name.equals(HEAD)) {
        target.put(rule(HEAD, firstElement, target.remaining(), 0.3));
      } else {
        tensors.read(name, firstElement, target);
      }
    }

    @Override
    public void close() throws IOException {
      tensors.close();
    }
  }
}

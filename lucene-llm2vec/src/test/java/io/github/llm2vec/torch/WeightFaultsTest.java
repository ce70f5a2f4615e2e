/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a decoder says of weights and batches that are not what they should be. */
class WeightFaultsTest {

  private static final Path MODEL = Path.of("src/test/resources/checkpoints/golden-llama");
  private static final String DOWN = "layers.1.mlp.down_proj.weight";

  @Test
  void refusesNotANumberAndNamesTheTensor() throws IOException {
    for (float damage : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      try (TensorSource tensors = Safetensors.openFolder(MODEL)) {
        TensorSource damaged = new Damaged(tensors, damage);
        IOException failure = assertThrows(IOException.class, () -> load(damaged, 16));
        assertTrue(failure.getMessage().contains(DOWN), failure.getMessage());
        assertTrue(failure.getMessage().contains("NaN or infinite"), failure.getMessage());
      }
    }
  }

  @Test
  void refusesTokensOutsideTheVocabularyAndTextsThatAreTooLong() throws IOException {
    try (TensorSource tensors = Safetensors.openFolder(MODEL);
        Decoder decoder = load(tensors, 4)) {
      for (int id : new int[] {-1, 32}) {
        PackedBatch batch = new PackedBatch.Builder().add(new int[] {1, id}, 0).build();
        assertThrows(IllegalArgumentException.class, () -> decoder.forward(batch));
      }
      PackedBatch tooLong = new PackedBatch.Builder().add(new int[5], 0).build();
      assertThrows(IllegalArgumentException.class, () -> decoder.forward(tooLong));
      PackedBatch good = new PackedBatch.Builder().add(new int[4], 0).pool(3, 1f).build();
      assertEquals(16, decoder.forward(good)[0].length);
    }
  }

  @Test
  void refusesToRunOnceClosed() throws IOException {
    PackedBatch batch = new PackedBatch.Builder().add(new int[4], 0).pool(3, 1f).build();
    try (TensorSource tensors = Safetensors.openFolder(MODEL)) {
      Decoder decoder = load(tensors, 16);
      decoder.close();
      decoder.close();
      assertThrows(IllegalStateException.class, () -> decoder.forward(batch));
    }
  }

  @Test
  void aGpuThatIsNotThereIsNamed() throws IOException {
    try (TensorSource tensors = Safetensors.openFolder(MODEL)) {
      DecoderOptions options =
          new DecoderOptions(DType.FLOAT32, TorchDevice.of("cuda:97"), 16, true);
      DecoderSpec spec = DecoderConfig.read(MODEL.resolve("config.json")).spec();
      CheckpointWeights weights = CheckpointWeights.of(tensors, MODEL.toString());
      IllegalArgumentException failure =
          assertThrows(
              IllegalArgumentException.class,
              () -> Decoder.load(spec, weights, options, LoadListener.NONE));
      assertTrue(failure.getMessage().contains("cuda:97"), failure.getMessage());
    }
  }

  private static Decoder load(TensorSource tensors, int maxTokens) throws IOException {
    return Decoder.load(
        DecoderConfig.read(MODEL.resolve("config.json")).spec(),
        CheckpointWeights.of(tensors, MODEL.toString()),
        new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, maxTokens, true),
        LoadListener.NONE);
  }

  /** A checkpoint with one bad number in its last layer. */
  private record Damaged(TensorSource source, float value) implements TensorSource {

    @Override
    public Set<String> names() {
      return source.names();
    }

    @Override
    public Optional<long[]> shape(String name) {
      return source.shape(name);
    }

    @Override
    public Optional<DType> dtype(String name) {
      return source.dtype(name);
    }

    @Override
    public void read(String name, long firstElement, FloatBuffer target) throws IOException {
      source.read(name, firstElement, target);
      if (name.endsWith(DOWN)) {
        target.put(0, value);
      }
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Padded rows for attention, which a GPU gets, give what groups of equal length give, and both what
 * every text gives alone: random lengths, with and without causal attention and windows.
 */
class AttentionLayoutTest {

  private static final Path CHECKPOINTS = Path.of("src/test/resources/checkpoints");
  private static final float ROUNDING = 2e-5f;

  @ParameterizedTest
  @CsvSource({
    "golden-llama,false",
    "golden-llama,true",
    "golden-gemma3,false",
    "golden-gemma3,true",
    "golden-qwen3,true"
  })
  void layoutsAgree(String name, boolean causal) throws IOException {
    Path folder = CHECKPOINTS.resolve(name);
    long seed = new Random().nextLong();
    List<int[]> texts = texts(new Random(seed));
    try (TensorSource tensors = Safetensors.openFolder(folder);
        Decoder decoder =
            Decoder.load(
                DecoderConfig.read(folder.resolve("config.json")).spec().withCausal(causal),
                CheckpointWeights.of(tensors, name),
                new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, 64, true),
                LoadListener.NONE)) {
      PackedBatch batch = batch(texts);
      float[][] grouped = decoder.run(batch, false);
      float[][] padded = decoder.run(batch, true);
      for (int i = 0; i < grouped.length; i++) {
        float[] alone = decoder.run(batch(List.of(texts.get(i))), false)[0];
        String what = name + ", text " + i + ", seed " + seed;
        assertArrayEquals(alone, grouped[i], ROUNDING, what);
        assertArrayEquals(alone, padded[i], ROUNDING, what);
      }
    }
  }

  private static PackedBatch batch(List<int[]> texts) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int[] ids : texts) {
      builder.add(ids, 0);
      for (int i = 0; i < ids.length; i++) {
        builder.pool(i, 1f / ids.length);
      }
    }
    return builder.build();
  }

  private static List<int[]> texts(Random random) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      texts.add(random.ints(1 + random.nextInt(20), 0, 32).toArray());
    }
    texts.sort(Comparator.comparingInt((int[] ids) -> ids.length).reversed());
    return texts;
  }
}

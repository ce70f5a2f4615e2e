/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The hidden state of every position of a left-padded batch, padding included, for decoders whose
 * weights follow a formula, against Hugging Face transformers (src/test/python/make_golden.py).
 */
class HiddenStatesTest {

  private static final Path CHECKPOINTS = Path.of("src/test/resources/checkpoints");
  private static final double TOLERANCE = 1e-5;

  static List<Path> folders() throws IOException {
    try (Stream<Path> all = Files.list(CHECKPOINTS)) {
      return all.filter(p -> p.getFileName().toString().startsWith("golden-")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void everyPositionEqualsTransformers(Path folder) throws IOException {
    JsonNode expected =
        new ObjectMapper().readTree(folder.resolve("expected/hidden-states.json").toFile());
    DecoderSpec spec = DecoderConfig.read(folder.resolve("config.json")).spec();
    for (boolean causal : new boolean[] {false, true}) {
      if (!expected.has(causal ? "causal" : "bidirectional")) {
        continue; // EmbeddingGemma's body is only ever run bidirectionally
      }
      for (boolean packed : new boolean[] {false, true}) {
        try (TensorSource tensors = Safetensors.openFolder(folder);
            Decoder decoder =
                Decoder.load(
                    spec.withCausal(causal),
                    CheckpointWeights.of(tensors, folder.toString()),
                    new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, 64, packed),
                    LoadListener.NONE)) {
          check(decoder, expected, expected.get(causal ? "causal" : "bidirectional"));
        }
      }
    }
  }

  private static void check(Decoder decoder, JsonNode inputs, JsonNode states) {
    for (int row = 0; row < inputs.get("ids").size(); row++) {
      int[] ids = ints(inputs.get("ids").get(row));
      int[] mask = ints(inputs.get("mask").get(row));
      int padding = 0;
      while (mask[padding] == 0) {
        padding++;
      }
      // One text per position, so that pooling hands out every hidden state by itself.
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int position = 0; position < ids.length; position++) {
        builder.add(ids, padding).pool(position, 1f);
      }
      float[][] actual = decoder.forward(builder.build());
      assertTrue(states.get(row).size() == actual.length);
      for (int position = 0; position < ids.length; position++) {
        for (int i = 0; i < actual[position].length; i++) {
          assertEquals(
              states.get(row).get(position).get(i).asDouble(),
              actual[position][i],
              TOLERANCE,
              "row " + row + ", position " + position + ", component " + i);
        }
      }
    }
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}

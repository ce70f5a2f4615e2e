/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.torch.CheckpointWeights;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.DecoderOptions;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * GGUF files opened like folders: hidden states as the class of transformers computes them with the
 * same weights, token ids as transformers' own loading of the file gives them
 * (src/test/python/make_gguf.py).
 */
class GgufModelsTest {

  private static final Path MODELS = Path.of("src/test/resources/gguf");
  private static final double TOLERANCE = 1e-5;

  @TempDir Path temporary;

  static List<Path> models() throws IOException {
    try (Stream<Path> all = Files.list(MODELS)) {
      return all.sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void givesTheStatesAndIdsOfTransformers(Path model) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(model.resolve("expected.json").toFile());
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(ResolverOptions.local(HubEnvironment.of(Map.of(), temporary)))
            .resolve(
                new CheckpointResolver.Request(
                    model.resolve("model.gguf").toString(), List.of(), Optional.of(false)));
    JsonNode config =
        new ObjectMapper().readTree(checkpoint.tokenizerFolder().resolve("config.json").toFile());
    JsonNode rope = config.get("rope_parameters");
    assertEquals(
        rope.path("full_attention").path("rope_theta").asDouble(rope.path("rope_theta").asDouble()),
        config.path("rope_theta").asDouble(),
        "where transformers 4 reads it");
    try (TensorSource weights = checkpoint.openWeights();
        Decoder decoder =
            Decoder.load(
                checkpoint.spec(),
                CheckpointWeights.of(weights, model.toString()),
                new DecoderOptions(DType.FLOAT32, TorchDevice.CPU, 64, true),
                LoadListener.NONE)) {
      for (int text = 0; text < expected.get("lengths").size(); text++) {
        check(
            decoder,
            expected.get("lengths").get(text).intValue(),
            expected.get("states").get(text));
      }
    }
    try (Tokenizer tokenizer = Tokenizer.open(checkpoint.tokenizerFolder())) {
      for (int i = 0; i < expected.get("texts").size(); i++) {
        String text = expected.get("texts").get(i).textValue();
        List<Integer> ids = new ArrayList<>(tokenizer.prefixIds());
        for (int id : tokenizer.encode(text)) {
          ids.add(id);
        }
        List<Integer> wanted = new ArrayList<>();
        expected.get("ids").get(i).forEach(id -> wanted.add(id.intValue()));
        assertEquals(wanted, ids, model.getFileName() + ": " + text);
      }
    }
  }

  private static void check(Decoder decoder, int length, JsonNode states) {
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = (7 * i + 3) % 40;
    }
    PackedBatch.Builder batch = new PackedBatch.Builder().add(ids, 0);
    for (int position = 0; position < length; position++) {
      if (position > 0) {
        batch.nextVector();
      }
      batch.pool(position, 1f);
    }
    float[][] actual = decoder.forward(batch.build());
    int width = actual[0].length;
    assertEquals(states.size(), length * width);
    for (int i = 0; i < states.size(); i++) {
      double difference = Math.abs(states.get(i).doubleValue() - actual[i / width][i % width]);
      assertTrue(difference <= TOLERANCE, () -> length + " tokens: differs by " + difference);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.CheckpointWriter;
import io.github.llm2vec.checkpoint.Fixtures;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Distributions are those that transformers' {@code _init_weights} states. */
class RandomWeightsTest {

  @SuppressWarnings("InlineFormatString") // a configuration is easier to read by itself
  private static final String LARGER =
      "{\"model_type\":\"qwen2\",\"vocab_size\":512,\"hidden_size\":64,\"intermediate_size\":160,"
          + "\"num_hidden_layers\":1,\"num_attention_heads\":4,\"num_key_value_heads\":2%s}";

  @TempDir private Path folder;

  @Test
  void drawsLinearWeightsNormally() throws IOException {
    try (RandomWeights weights = RandomWeights.of(config(""), 7)) {
      for (String name : new String[] {"embed_tokens.weight", "layers.0.mlp.up_proj.weight"}) {
        float[] values = Fixtures.readAll(weights, name);
        int n = values.length;
        double mean = 0;
        double square = 0;
        int within = 0;
        for (float value : values) {
          mean += value / n;
          square += (double) value * value / n;
          within += Math.abs(value) < 0.02 ? 1 : 0;
        }
        // Five standard errors of each statistic.
        assertEquals(0, mean, 5 * 0.02 / Math.sqrt(n), name);
        assertEquals(0.02, Math.sqrt(square), 5 * 0.02 / Math.sqrt(2.0 * n), name);
        assertEquals(0.6827, (double) within / n, 5 * Math.sqrt(0.6827 * 0.3173 / n), name);
      }
      for (float value : Fixtures.readAll(weights, "layers.0.self_attn.q_proj.bias")) {
        assertEquals(0f, value);
      }
      for (float value : Fixtures.readAll(weights, "norm.weight")) {
        assertEquals(1f, value);
      }
    }
  }

  @Test
  void givesEveryTensorAndSeedItsOwnNumbersWhereverReadingBegins() throws IOException {
    try (RandomWeights weights = RandomWeights.of(config(""), 7);
        RandomWeights other = RandomWeights.of(config(""), 8)) {
      float[] up = Fixtures.readAll(weights, "layers.0.mlp.up_proj.weight");
      float[] part = new float[100];
      weights.read("layers.0.mlp.up_proj.weight", 50, FloatBuffer.wrap(part));
      assertArrayEquals(Arrays.copyOfRange(up, 50, 150), part);
      assertNotEquals(up[0], Fixtures.readAll(weights, "layers.0.mlp.gate_proj.weight")[0]);
      assertNotEquals(up[0], Fixtures.readAll(other, "layers.0.mlp.up_proj.weight")[0]);
      assertThrows(
          IllegalArgumentException.class,
          () -> weights.read("norm.weight", 1, FloatBuffer.allocate(64)));
    }
  }

  @Test
  void followsInitializerRangeAndTheKindOfNorm() throws IOException {
    try (RandomWeights weights = RandomWeights.of(config(",\"initializer_range\":2"), 7)) {
      assertEquals(2, deviation(weights, "embed_tokens.weight"), 0.05);
    }
    String apart = ",\"embedding_initializer_range\":0.5,\"residual_initializer_range\":0.002";
    try (RandomWeights weights = RandomWeights.of(config(apart), 7)) {
      assertEquals(0.5, deviation(weights, "embed_tokens.weight"), 0.0125);
      assertEquals(0.002, deviation(weights, "layers.0.self_attn.o_proj.weight"), 0.0001);
      assertEquals(0.002, deviation(weights, "layers.0.mlp.down_proj.weight"), 0.0001);
      assertEquals(0.02, deviation(weights, "layers.0.self_attn.q_proj.weight"), 0.001);
      assertEquals(0.02, deviation(weights, "layers.0.mlp.up_proj.weight"), 0.001);
    }
    Path gemma = folder.resolve("gemma.json");
    Files.writeString(gemma, Files.readString(config("")).replace("qwen2", "gemma"));
    try (RandomWeights weights = RandomWeights.of(gemma, 7)) {
      assertEquals(0f, Fixtures.readAll(weights, "norm.weight")[0]);
      assertFalse(weights.names().contains("lm_head.weight"));
    }
  }

  @Test
  void writesACheckpointThatOpens() throws IOException {
    Path model = folder.resolve("model");
    try (RandomWeights weights = RandomWeights.of(config(""), 7)) {
      CheckpointWriter.write(model, config(""), weights, DType.FLOAT32);
      Files.writeString(model.resolve("tokenizer.json"), "{}");
      ResolverOptions options =
          ResolverOptions.local(HubEnvironment.of(java.util.Map.of(), folder));
      ResolvedCheckpoint checkpoint =
          new CheckpointResolver(options)
              .resolve(CheckpointResolver.Request.of(model.toAbsolutePath().toString()));
      assertEquals(Optional.of(DType.FLOAT32), checkpoint.config().storedType());
      try (TensorSource stored = checkpoint.openLanguageModel()) {
        assertEquals(weights.names(), stored.names());
        for (String name : stored.names()) {
          assertArrayEquals(
              Fixtures.readAll(weights, name), Fixtures.readAll(stored, name), 0f, name);
        }
      }
      try (TensorSource stored = checkpoint.openWeights()) {
        assertFalse(stored.names().contains("lm_head.weight"));
      }
      assertEquals(
          "Qwen2ForCausalLM",
          JsonObject.read(model.resolve("config.json")).texts("architectures").get(0));
    }
  }

  private static double deviation(RandomWeights weights, String name) throws IOException {
    double square = 0;
    float[] values = Fixtures.readAll(weights, name);
    for (float value : values) {
      square += (double) value * value / values.length;
    }
    return Math.sqrt(square);
  }

  private Path config(String extra) throws IOException {
    return Files.writeString(folder.resolve("config.json"), String.format(LARGER, extra));
  }
}

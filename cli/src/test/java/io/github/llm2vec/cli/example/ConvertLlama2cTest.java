/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that made the example stories260K; runs where there is a Python. */
class ConvertLlama2cTest {

  private static final Path SCRIPT = Path.of("../examples/models/convert_llama2c.py");

  private static final List<String> PIECES = List.of(" a", "b", "ba", " ab", "a", " ", "\u00e9");

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final Llama2cFile source = new Llama2cFile(random, true);

  @TempDir private Path folder;
  private Path checkpoint;
  private Path tokenizer;
  private Path output;

  @BeforeAll
  static void requirePython() {
    boolean found =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3")));
    assumeTrue(found, "there is no python3 on the PATH");
  }

  @BeforeEach
  void writeSource() throws IOException {
    checkpoint = Files.write(folder.resolve("model.bin"), source.bytes());
    tokenizer = Llama2cFile.writeTokenizer(folder.resolve("tok.bin"), PIECES);
    output = folder.resolve("out");
  }

  @Test
  void putsEveryTensorUnderItsHuggingFaceName() throws IOException {
    convert();
    try (TensorSource weights = Safetensors.openFolder(output)) {
      assertEquals(2 + 9 * Llama2cFile.LAYERS, weights.names().size());
      assertTensor(weights, "model.embed_tokens.weight", source.section("embedding"));
      assertTensor(weights, "model.norm.weight", source.section("norm"));
      for (int i = 0; i < Llama2cFile.LAYERS; i++) {
        String layer = "model.layers." + i + ".";
        assertTensor(weights, layer + "input_layernorm.weight", source.layer("attentionNorm", i));
        assertTensor(
            weights, layer + "post_attention_layernorm.weight", source.layer("mlpNorm", i));
        assertTensor(weights, layer + "self_attn.v_proj.weight", source.layer("v", i));
        assertTensor(weights, layer + "self_attn.o_proj.weight", source.layer("o", i));
        assertTensor(weights, layer + "mlp.gate_proj.weight", source.layer("w1", i));
        assertTensor(weights, layer + "mlp.down_proj.weight", source.layer("w2", i));
        assertTensor(weights, layer + "mlp.up_proj.weight", source.layer("w3", i));
      }
      assertArrayEquals(
          new long[] {Llama2cFile.HIDDEN, Llama2cFile.INTERMEDIATE},
          weights.shape("model.layers.0.mlp.down_proj.weight").orElseThrow());
    }
  }

  @Test
  void writesAnUnsharedOutputLayer() throws IOException {
    Llama2cFile unshared = new Llama2cFile(random, false);
    Files.write(checkpoint, unshared.bytes());
    convert();
    try (TensorSource weights = Safetensors.openFolder(output)) {
      assertTensor(weights, "lm_head.weight", unshared.section("classifier"));
    }
    assertFalse(json("config.json").get("tie_word_embeddings").asBoolean());
  }

  /**
   * The scores of a rotated query and a rotated key are the same whether llama2.c's weights are
   * rotated in neighbouring pairs or the converted ones in halves (RoFormer, section 3.2.2).
   */
  @Test
  void keepsAttentionScoresUnderTheOtherRotaryLayout() throws IOException {
    convert();
    double[] hidden = random.doubles(Llama2cFile.HIDDEN, -1, 1).toArray();
    try (TensorSource weights = Safetensors.openFolder(output)) {
      for (int layer = 0; layer < Llama2cFile.LAYERS; layer++) {
        String name = "model.layers." + layer + ".self_attn.";
        double[] q = project(source.layer("q", layer), hidden);
        double[] k = project(source.layer("k", layer), hidden);
        double[] convertedQ = project(read(weights, name + "q_proj.weight"), hidden);
        double[] convertedK = project(read(weights, name + "k_proj.weight"), hidden);
        for (int head = 0; head < Llama2cFile.HEADS; head++) {
          double expected =
              dot(rotateNeighbours(head(q, head), 5), rotateNeighbours(head(k, 0), 11));
          double found =
              dot(rotateHalves(head(convertedQ, head), 5), rotateHalves(head(convertedK, 0), 11));
          assertEquals(expected, found, 1e-9, "seed " + seed);
        }
      }
    }
  }

  @Test
  void turnsScoresIntoMergesInTheirOrder() throws IOException {
    convert();
    JsonNode model = json("tokenizer.json").get("model");
    assertEquals(
        List.of("\u2581 a", "b a", "\u2581a b"),
        StreamSupport.stream(model.get("merges").spliterator(), false)
            .map(JsonNode::asText)
            .collect(Collectors.toList()));
    assertEquals(Llama2cFile.VOCAB, model.get("vocab").size());
    assertEquals(1, model.get("vocab").get("<s>").asInt());
    assertEquals(13, model.get("vocab").get("<0x0A>").asInt());
    assertEquals(259, model.get("vocab").get("\u2581a").asInt());
  }

  @Test
  void describesTheModelInItsConfiguration() throws IOException {
    convert();
    JsonNode config = json("config.json");
    assertEquals("llama", config.get("model_type").asText());
    assertEquals(24, config.get("hidden_size").asInt());
    assertEquals(20, config.get("intermediate_size").asInt());
    assertEquals(3, config.get("num_attention_heads").asInt());
    assertEquals(1, config.get("num_key_value_heads").asInt());
    assertEquals(266, config.get("vocab_size").asInt());
    assertEquals(16, config.get("max_position_embeddings").asInt());
    assertEquals("float32", config.get("torch_dtype").asText());
    assertTrue(config.get("tie_word_embeddings").asBoolean());
  }

  @Test
  void refusesFilesThatAreNotWhatTheySay() throws IOException {
    byte[] whole = source.bytes();
    Files.write(checkpoint, Arrays.copyOf(whole, whole.length - 4));
    assertFailure("should have " + whole.length + " bytes by its header but has");
    Files.write(checkpoint, Arrays.copyOf(whole, whole.length + 1));
    assertFailure("should have");
    Files.write(checkpoint, new byte[10]);
    assertFailure("too short");
    Files.writeString(checkpoint, "This is a text file and no checkpoint of anything.");
    assertFailure("is not a llama2.c checkpoint");
    byte[] versioned = whole.clone();
    System.arraycopy(new byte[] {0x32, 0x34, 0x6b, 0x61, 2, 0, 0, 0}, 0, versioned, 0, 8);
    Files.write(checkpoint, versioned);
    assertFailure("of version 2; only the legacy format is read");
    assertFalse(Files.exists(output.resolve("model.safetensors")));
  }

  @Test
  void survivesAnyHeader() throws IOException {
    for (int i = 0; i < 20; i++) {
      byte[] bytes = source.bytes();
      bytes[random.nextInt(28)] = (byte) random.nextInt();
      Files.write(checkpoint, bytes);
      String said = run();
      // Heads and positions may change without changing the size of anything.
      assertEquals(said.isEmpty(), Files.exists(output.resolve("model.safetensors")));
      assertFalse(said.contains("Traceback"), "seed " + seed + ": " + said);
      Files.deleteIfExists(output.resolve("model.safetensors"));
    }
  }

  @Test
  void refusesATokenizerOfAnotherModel() throws IOException {
    Llama2cFile.writeTokenizer(tokenizer, List.of("a"));
    assertFailure("has 260 pieces, the checkpoint's vocabulary 266");
    byte[] bytes = Files.readAllBytes(Llama2cFile.writeTokenizer(tokenizer, PIECES));
    Files.write(tokenizer, Arrays.copyOf(bytes, bytes.length - 1));
    assertFailure("ends within piece 265");
    Llama2cFile.writeTokenizer(tokenizer, List.of("a", "a", "b", "c", "d", "e", "f"));
    assertFailure("has the same piece twice");
  }

  @Test
  void keepsAModelThatIsThere() throws IOException {
    convert();
    assertFailure("is there already");
  }

  private void convert() throws IOException {
    assertEquals("", run());
  }

  /** Converts; what the script says if it fails. */
  private String run() throws IOException {
    Process process =
        new ProcessBuilder(
                "python3",
                SCRIPT.toString(),
                checkpoint.toString(),
                tokenizer.toString(),
                output.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertEquals(said.isEmpty() ? 0 : 1, process.waitFor(), said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the script ran");
    }
    return said;
  }

  private void assertFailure(String part) throws IOException {
    String said = run();
    assertTrue(said.contains(part), said);
    assertFalse(said.contains("Traceback"), said);
  }

  private JsonNode json(String name) throws IOException {
    return new ObjectMapper().readTree(output.resolve(name).toFile());
  }

  private static void assertTensor(TensorSource weights, String name, float[] expected)
      throws IOException {
    assertArrayEquals(expected, read(weights, name), name);
  }

  private static float[] read(TensorSource weights, String name) throws IOException {
    long size = Arrays.stream(weights.shape(name).orElseThrow()).reduce(1, (a, b) -> a * b);
    float[] values = new float[(int) size];
    weights.read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  private static double[] project(float[] matrix, double[] input) {
    double[] result = new double[matrix.length / input.length];
    for (int row = 0; row < result.length; row++) {
      for (int column = 0; column < input.length; column++) {
        result[row] += matrix[row * input.length + column] * input[column];
      }
    }
    return result;
  }

  private static double[] head(double[] all, int head) {
    return Arrays.copyOfRange(all, head * Llama2cFile.HEAD_DIM, (head + 1) * Llama2cFile.HEAD_DIM);
  }

  private static double angle(int pair, int position) {
    return position * Math.pow(10_000, -2.0 * pair / Llama2cFile.HEAD_DIM);
  }

  private static double[] rotateNeighbours(double[] x, int position) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length / 2; i++) {
      double cos = Math.cos(angle(i, position));
      double sin = Math.sin(angle(i, position));
      y[2 * i] = x[2 * i] * cos - x[2 * i + 1] * sin;
      y[2 * i + 1] = x[2 * i] * sin + x[2 * i + 1] * cos;
    }
    return y;
  }

  private static double[] rotateHalves(double[] x, int position) {
    int half = x.length / 2;
    double[] y = new double[x.length];
    for (int i = 0; i < half; i++) {
      double cos = Math.cos(angle(i, position));
      double sin = Math.sin(angle(i, position));
      y[i] = x[i] * cos - x[i + half] * sin;
      y[i + half] = x[i + half] * cos + x[i] * sin;
    }
    return y;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}

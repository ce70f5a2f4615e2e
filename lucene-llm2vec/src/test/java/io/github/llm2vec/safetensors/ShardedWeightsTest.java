/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.checkpoint.Fixtures;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedWeightsTest {

  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";

  @TempDir Path folder;

  @BeforeEach
  void writeShards() throws IOException {
    shard(FIRST, "a", 1, 2);
    shard(SECOND, "b", 3, 4);
    index("{\"a\":\"" + FIRST + "\",\"b\":\"" + SECOND + "\"}");
  }

  private void shard(String file, String tensor, float... values) throws IOException {
    new SafetensorsWriter(DType.FLOAT32)
        .write(
            folder.resolve(file),
            List.of(
                SafetensorsWriter.Tensor.of(
                    tensor, List.of((long) values.length), FloatBuffer.wrap(values))));
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":16},\"weight_map\":" + weightMap + "}");
  }

  @Test
  void joinsShards() throws IOException {
    try (TensorSource source = Safetensors.openFolder(folder)) {
      assertEquals(Set.of("a", "b"), source.names());
      assertArrayEquals(new float[] {1, 2}, Fixtures.readAll(source, "a"));
      assertArrayEquals(new float[] {3, 4}, Fixtures.readAll(source, "b"));
      assertArrayEquals(new long[] {2}, source.shape("b").orElseThrow());
    }
  }

  @Test
  void prefersTheSingleFile() throws IOException {
    shard("model.safetensors", "c", 5);
    try (TensorSource source = Safetensors.openFolder(folder)) {
      assertEquals(Set.of("c"), source.names());
    }
  }

  @Test
  void namesAMissingShard() throws IOException {
    Files.delete(folder.resolve(SECOND));
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> Safetensors.openFolder(folder));
    assertTrue(e.getMessage().contains(SECOND), e.getMessage());
  }

  @Test
  void namesATensorThatItsShardDoesNotHave() throws IOException {
    index("{\"a\":\"" + FIRST + "\",\"b\":\"" + FIRST + "\"}");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> Safetensors.openFolder(folder));
    assertTrue(e.getMessage().contains("'b' in " + FIRST), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x.safetensors",
        "/etc/x.safetensors",
        "a/../../x.safetensors",
        "..\\\\x.safetensors",
        "C:x.safetensors",
        "model.bin",
        ""
      })
  void refusesShardsOutsideTheFolder(String name) throws IOException {
    index("{\"a\":\"" + name + "\"}");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> Safetensors.openFolder(folder));
    assertTrue(e.getMessage().contains("not a plain .safetensors file name"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "3", "{\"a\":3}", "null"})
  void rejectsAnIndexWithoutAWeightMap(String weightMap) throws IOException {
    index(weightMap);
    assertThrows(ModelFormatException.class, () -> Safetensors.openFolder(folder));
  }

  @Test
  void saysThatPicklesAreNeverRead() throws IOException {
    Files.delete(folder.resolve("model.safetensors.index.json"));
    Files.write(folder.resolve("pytorch_model.bin"), new byte[10]);
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> Safetensors.openFolder(folder));
    assertTrue(e.getMessage().contains("may hold code"), e.getMessage());
  }
}

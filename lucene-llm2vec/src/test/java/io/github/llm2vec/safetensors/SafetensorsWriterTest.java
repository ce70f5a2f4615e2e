/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.checkpoint.Fixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {

  @TempDir Path folder;

  private static SafetensorsWriter.Tensor tensor(String name, float... values) {
    return SafetensorsWriter.Tensor.of(
        name, List.of((long) values.length), FloatBuffer.wrap(values));
  }

  /** The layout as the format's own documentation has it. */
  @Test
  void padsTheHeaderSoThatDataStartAtAMultipleOfEight() throws IOException {
    for (int nameLength = 1; nameLength < 10; nameLength++) {
      Path file = folder.resolve("x.safetensors");
      String name = "n".repeat(nameLength);
      new SafetensorsWriter(DType.FLOAT32).write(file, List.of(tensor(name, 1.5f)));
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int length = Math.toIntExact(bytes.getLong());
      assertEquals(0, (8 + length) % 8);
      byte[] header = new byte[length];
      bytes.get(header);
      assertEquals(
          "{\"__metadata__\":{\"format\":\"pt\"},\""
              + name
              + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
          new String(header, StandardCharsets.UTF_8).strip());
      assertEquals(1.5f, bytes.getFloat());
      assertEquals(0, bytes.remaining());
    }
  }

  @Test
  void roundsAsPyTorchDoes() throws IOException {
    try (TensorSource expected = Safetensors.openFile(Fixtures.path("rounding.safetensors"))) {
      float[] values = Fixtures.readAll(expected, "single");
      for (DType dtype : List.of(DType.FLOAT16, DType.BFLOAT16)) {
        Path file = folder.resolve("x.safetensors");
        new SafetensorsWriter(dtype).write(file, List.of(tensor("a", values)));
        try (TensorSource actual = Safetensors.openFile(file)) {
          float[] rounded = Fixtures.readAll(expected, dtype == DType.FLOAT16 ? "half" : "brain");
          assertArrayEquals(rounded, Fixtures.readAll(actual, "a"));
        }
      }
    }
  }

  @Test
  void keepsTheOldFileWhenWritingFails() throws IOException {
    Path file = folder.resolve("x.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter(DType.FLOAT32);
    writer.write(file, List.of(tensor("a", 1)));
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                writer.write(
                    file,
                    List.of(
                        new SafetensorsWriter.Tensor(
                            "a",
                            List.of(3L),
                            (first, target) -> {
                              throw new IOException("the disk is on fire");
                            }))));
    assertEquals("the disk is on fire", e.getMessage());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
    try (TensorSource source = Safetensors.openFile(file)) {
      assertArrayEquals(new float[] {1}, Fixtures.readAll(source, "a"));
    }
  }

  @Test
  void refusesTwoTensorsOfOneName() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SafetensorsWriter(DType.FLOAT32)
                .write(folder.resolve("x"), List.of(tensor("a", 1), tensor("a", 2))));
  }

  @Test
  void refusesTensorsThatAreNotFilled() {
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                new SafetensorsWriter(DType.FLOAT32)
                    .write(
                        folder.resolve("x"),
                        List.of(
                            new SafetensorsWriter.Tensor(
                                "a", List.of(3L), (first, target) -> {}))));
    assertTrue(e.getMessage().contains("'a'"), e.getMessage());
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.checkpoint.Fixtures;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void readsWhatThePythonLibraryWrote() throws IOException {
    JsonNode expected = Fixtures.json("python.safetensors.json");
    try (TensorSource source = Safetensors.openFile(Fixtures.path("python.safetensors"))) {
      assertEquals(
          Set.of("single", "half", "brain", "scalar", "empty", "ids", "flags"), source.names());
      assertArrayEquals(new long[] {37, 5}, source.shape("brain").orElseThrow());
      assertArrayEquals(new long[0], source.shape("scalar").orElseThrow());
      assertEquals(Optional.of(DType.BFLOAT16), source.dtype("brain"));
      assertEquals(Optional.empty(), source.dtype("ids"));
      assertTrue(source.shape("absent").isEmpty());
      for (String name : Set.of("single", "half", "brain")) {
        float[] actual = Fixtures.readAll(source, name);
        for (int i = 0; i < actual.length; i++) {
          assertEquals(expected.get(name).get(i).floatValue(), actual[i], name + " " + i);
        }
      }
      assertEquals(2.5f, Fixtures.readAll(source, "scalar")[0]);
      assertEquals(0, Fixtures.readAll(source, "empty").length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"single", "half", "brain"})
  void readsPartsIntoDirectBuffers(String name) throws IOException {
    try (TensorSource source = Safetensors.openFile(Fixtures.path("python.safetensors"))) {
      float[] all = Fixtures.readAll(source, name);
      FloatBuffer target =
          ByteBuffer.allocateDirect(4 * 60).order(ByteOrder.nativeOrder()).asFloatBuffer();
      target.position(3).limit(53);
      source.read(name, 101, target);
      assertEquals(53, target.position());
      for (int i = 0; i < 50; i++) {
        assertEquals(all[101 + i], target.get(3 + i));
      }
      IllegalArgumentException outside =
          assertThrows(
              IllegalArgumentException.class,
              () -> source.read(name, 136, FloatBuffer.allocate(50)));
      assertTrue(outside.getMessage().contains("185"), outside.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({"ids,I64", "flags,BOOL"})
  void refusesToReadWhatIsNoWeightNamingTensorTypeAndFile(String name, String type)
      throws IOException {
    try (TensorSource source = Safetensors.openFile(Fixtures.path("python.safetensors"))) {
      ModelFormatException e =
          assertThrows(
              ModelFormatException.class, () -> source.read(name, 0, FloatBuffer.allocate(1)));
      assertTrue(
          e.getMessage().contains("python.safetensors")
              && e.getMessage().contains("'" + name + "'")
              && e.getMessage().contains(type),
          e.getMessage());
    }
  }

  @Test
  void writesNoFormatThatExistsInMemoryAlone() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new SafetensorsWriter(DType.INT8)
                    .write(
                        folder.resolve("int8.safetensors"),
                        List.of(
                            SafetensorsWriter.Tensor.of(
                                "a", List.of(1L), FloatBuffer.wrap(new float[] {1})))));
    assertTrue(refused.getMessage().contains("store them as float32"), refused.getMessage());
    assertFalse(Files.exists(folder.resolve("int8.safetensors")));
  }

  @Test
  void readsTensorsLongerThanItsChunk() throws IOException {
    int elements = 1_500_001;
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (i % 251) - 125; // exact in all three formats
    }
    for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16)) {
      Path file = folder.resolve(dtype + ".safetensors");
      new SafetensorsWriter(dtype)
          .write(
              file,
              List.of(
                  SafetensorsWriter.Tensor.of(
                      "a", List.of((long) elements), FloatBuffer.wrap(values))));
      try (TensorSource source = Safetensors.openFile(file)) {
        assertArrayEquals(values, Fixtures.readAll(source, "a"));
      }
    }
  }

  /** The file is sparse: only what is written to it takes room. */
  @Test
  void readsBeyondFourGigabytes() throws IOException {
    long elements = 1_200_000_000L;
    String header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":["
            + elements
            + "],\"data_offsets\":[0,"
            + 4 * elements
            + "]}}";
    Path file = SafetensorsBytes.write(folder.resolve("large.safetensors"), header, 0);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer last = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      last.putFloat(1.5f).putFloat(-2.5f).flip();
      channel.write(last, channel.size() + 4 * (elements - 2));
    }
    try (TensorSource source = Safetensors.openFile(file)) {
      FloatBuffer target = FloatBuffer.allocate(3);
      source.read("a", elements - 3, target);
      assertArrayEquals(new float[] {0, 1.5f, -2.5f}, target.array());
    }
  }

  @Test
  void isReadByManyThreads() throws IOException {
    try (TensorSource source = Safetensors.openFile(Fixtures.path("python.safetensors"))) {
      float[] expected = Fixtures.readAll(source, "half");
      IntStream.range(0, 200)
          .parallel()
          .forEach(
              i -> {
                try {
                  assertArrayEquals(expected, Fixtures.readAll(source, "half"));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }

  @Test
  void reportsAFileThatWasCutOffAfterOpening() throws IOException {
    Path file = folder.resolve("model.safetensors");
    Files.copy(Fixtures.path("python.safetensors"), file);
    try (TensorSource source = Safetensors.openFile(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(channel.size() / 2);
      }
      ModelFormatException e =
          assertThrows(ModelFormatException.class, () -> Fixtures.readAll(source, "brain"));
      assertTrue(e.getMessage().contains("has become shorter"), e.getMessage());
    }
  }

  @Test
  void rejectsFileThatIsCutOff() throws IOException {
    byte[] bytes = Files.readAllBytes(Fixtures.path("python.safetensors"));
    for (int length : new int[] {0, 7, 8, 20, 500, bytes.length - 1}) {
      Path file = folder.resolve("cut.safetensors");
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThrows(ModelFormatException.class, () -> Safetensors.openFile(file), "" + length);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 62, -1, Long.MIN_VALUE, 100_000_001, 3, 0, 1})
  void rejectsHeaderLengthThatCannotBe(long length) throws IOException {
    Path file =
        SafetensorsBytes.write(
            folder.resolve("x.safetensors"), length, "{}".getBytes(StandardCharsets.UTF_8), 0);
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> Safetensors.openFile(file));
    assertTrue(e.getMessage().contains(Long.toUnsignedString(length) + " bytes"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // overlap, gap, rest, too short, order of offsets
        "{'a':F[1]@0-4,'b':F[1]@2-6} | 6 | inside the tensor before it",
        "{'a':F[1]@0-4,'b':F[1]@8-12} | 12 | after a gap",
        "{'a':F[1]@0-4} | 8 | holds 8 bytes of data",
        "{'a':F[2]@0-8} | 4 | cut off",
        "{'a':F[1]@4-0} | 4 | from a begin up to an end",
        // shapes
        "{'a':F[3]@0-4} | 4 | 12 bytes",
        "{'a':F[-1]@0-4} | 4 | whole numbers",
        "{'a':F[1.0]@0-4} | 4 | whole numbers",
        "{'a':F[4294967296,4294967296]@0-4} | 4 | more elements than can be",
        "{'a':F[9223372036854775807,4]@0-4} | 4 | more elements than can be",
        "{'a':F[99999999999999999999]@0-4} | 4 | whole numbers",
        "{'a':F[1]@0-99999999999999999999} | 4 | whole numbers",
        // structure
        "{'a':F[1]@0-4,'a':F[1]@4-8} | 8 | Duplicate",
        "{'a':{'dtype':'Q7','shape':[1],'data_offsets':[0,4]}} | 4 | Q7",
        "{'a':{'dtype':'F32','shape':[1]}} | 4 | two data_offsets",
        "{'a':{'dtype':'F32','data_offsets':[0,4]}} | 4 | shape",
        "{'a':{'shape':[1],'data_offsets':[0,4]}} | 4 | dtype",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}} | 4 | two data_offsets",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}} | 4 | 'x'",
        "{'a':3} | 0 | an object",
        "{'__metadata__':{'a':3}} | 0 | a string",
        "{'a':F[1]@0-4 | 4 | not valid",
        "{'a':F[1]@0-4}] | 4 | not valid",
        "{} {} | 0 | spaces only",
        "[] | 0 | start with {",
        "` {}` | 0 | start with {",
      })
  void rejectsHeaderThatContradictsItself(String pattern, int dataBytes, String expected)
      throws IOException {
    String header =
        pattern
            .replaceAll(
                "F(\\[[^]]*])@(\\d+)-(\\d+)", "{'dtype':'F32','shape':$1,'data_offsets':[$2,$3]}")
            .replace('\'', '"');
    Path file = SafetensorsBytes.write(folder.resolve("x.safetensors"), header, dataBytes);
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> Safetensors.openFile(file));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
    assertTrue(e.getMessage().contains("x.safetensors"), e.getMessage());
  }

  @Test
  void rejectsHeaderThatIsNotUtf8() throws IOException {
    byte[] header = "{\"__metadata__\":{\"a\":\"?\"}}".getBytes(StandardCharsets.UTF_8);
    header[22] = (byte) 0xc3;
    Path file = SafetensorsBytes.write(folder.resolve("x.safetensors"), header.length, header, 0);
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> Safetensors.openFile(file));
    assertTrue(e.getMessage().contains("UTF-8"), e.getMessage());
  }

  @Test
  void rejectsHeaderInUtf16() throws IOException {
    byte[] header = "{}".getBytes(StandardCharsets.UTF_16LE);
    Path file = SafetensorsBytes.write(folder.resolve("x.safetensors"), header.length, header, 0);
    assertThrows(ModelFormatException.class, () -> Safetensors.openFile(file));
  }

  @Test
  void acceptsHeaderPaddedWithSpacesAndTensorsOutOfOrder() throws IOException {
    String header =
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]},"
            + "\"a\":{\"data_offsets\":[0,4],\"shape\":[1],\"dtype\":\"F32\"}}     ";
    Path file = SafetensorsBytes.write(folder.resolve("x.safetensors"), header, 6);
    try (TensorSource source = Safetensors.openFile(file)) {
      float expected = Float.intBitsToFloat(0x03020100);
      assertArrayEquals(new float[] {expected}, Fixtures.readAll(source, "a"));
    }
  }

  @Test
  void saysWhenAFileDoesNotExist() {
    ModelUnavailableException e =
        assertThrows(
            ModelUnavailableException.class,
            () -> Safetensors.openFile(folder.resolve("none.safetensors")));
    assertTrue(e.getMessage().contains("does not exist"), e.getMessage());
  }
}

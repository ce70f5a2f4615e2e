/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.vector.VectorOutput.Existing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorOutputTest {

  private static final RunIdentity IDENTITY = new RunIdentity("f0", 3, "query", "Täsk:\n x ");

  @TempDir private Path folder;

  @Test
  void writesFloatsThatReadBackBitForBit() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    float[] values = new float[20_000];
    for (int i = 0; i < values.length; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      values[i] = Float.isFinite(value) ? value : 0.1f;
    }
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    VectorLines.write(line, List.of("a\"b\n"), new float[][] {values});
    JsonNode json = new ObjectMapper().readTree(line.toByteArray());
    assertEquals("a\"b\n", json.get("id").asText());
    assertEquals(1, line.toString(StandardCharsets.UTF_8).lines().count());
    String text = line.toString(StandardCharsets.UTF_8);
    String[] written = text.substring(text.indexOf('[') + 1, text.indexOf(']')).split(",", -1);
    for (int i = 0; i < values.length; i++) {
      assertEquals(
          Float.floatToIntBits(values[i]),
          Float.floatToIntBits(Float.parseFloat(written[i])),
          "seed " + seed + ", " + written[i]);
    }
    assertEquals("a\"b\n", VectorLines.id(text.strip()));
  }

  @Test
  void writesTheShortestDecimal() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    // The JDK printed 2.0E-3f as 0.0020 before release 19.
    VectorLines.write(line, List.of("1"), new float[][] {{0.1f, 2e-3f, Float.MIN_NORMAL, -0f}});
    assertEquals(
        "{\"id\":\"1\",\"embedding\":[0.1,0.002,1.1754944E-38,-0.0]}\n",
        line.toString(StandardCharsets.UTF_8));
  }

  @Test
  void keepsOnlyRowsThatBothFilesOfAnArrayHave() throws IOException {
    Path output = folder.resolve("v.npy");
    try (VectorOutput.Sink sink = new VectorOutput(output).open(IDENTITY, Existing.REFUSE)) {
      sink.write(List.of("a", "b", "c"), new float[][] {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
    }
    Path ids = folder.resolve("v.ids.txt.partial");
    Files.writeString(ids, "a\nb\nc\nd\ne");
    try (VectorOutput.Sink sink = new VectorOutput(output).open(IDENTITY, Existing.RESUME)) {
      assertEquals(Optional.of("a"), sink.nextEarlierId());
      assertEquals(Optional.of("b"), sink.nextEarlierId());
      assertEquals(Optional.of("c"), sink.nextEarlierId());
      assertEquals(Optional.empty(), sink.nextEarlierId());
    }
    Files.writeString(ids, "a\nb");
    try (VectorOutput.Sink sink = new VectorOutput(output).open(IDENTITY, Existing.RESUME)) {
      assertEquals(Optional.of("a"), sink.nextEarlierId());
      assertEquals(Optional.empty(), sink.nextEarlierId());
      sink.write(List.of("z"), new float[][] {{-1, -2, -3}});
      sink.finish();
    }
    assertEquals(List.of("a", "z"), Files.readAllLines(folder.resolve("v.ids.txt")));
    byte[] array = Files.readAllBytes(output);
    assertEquals(128 + 2 * 12, array.length);
    assertTrue(new String(array, StandardCharsets.ISO_8859_1).contains("'shape': (2, 3)"));
  }

  @Test
  void rejectsIdsThatTheIdsFileCannotHold() throws IOException {
    try (VectorOutput.Sink sink =
        new VectorOutput(folder.resolve("v.npy")).open(IDENTITY, Existing.REFUSE)) {
      IOException failure =
          assertThrows(
              IOException.class, () -> sink.write(List.of("a\nb"), new float[][] {{1, 2, 3}}));
      assertTrue(failure.getMessage().contains("holds a line break"), failure.getMessage());
    }
  }

  @Test
  void letsOnlyOneRunWriteAtATime() throws IOException {
    VectorOutput output = new VectorOutput(folder.resolve("v.jsonl"));
    try (VectorOutput.Sink first = output.open(IDENTITY, Existing.REFUSE)) {
      first.write(List.of("a"), new float[][] {{1, 2, 3}});
      IOException failure =
          assertThrows(IOException.class, () -> output.open(IDENTITY, Existing.RESUME));
      assertTrue(failure.getMessage().contains("is being written"), failure.getMessage());
    }
  }

  @Test
  void remembersWhatARunWas() throws IOException {
    Path file = folder.resolve("identity");
    IDENTITY.save(file);
    assertEquals(IDENTITY, RunIdentity.load(file));
  }

  @Test
  void findsTheLastLineEndAcrossBlocks() throws IOException {
    Path file = folder.resolve("lines");
    byte[] kept = "first\n".getBytes(StandardCharsets.UTF_8);
    byte[] all = new byte[kept.length + 200_000];
    System.arraycopy(kept, 0, all, 0, kept.length);
    Files.write(file, all);
    try (var channel = PartialFile.open(file)) {
      PartialFile.dropIncompleteLine(channel);
    }
    assertArrayEquals(kept, Files.readAllBytes(file));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VectorStoreTest {

  private static final int DIMENSIONS = 12;
  private static final int SHARD = 10;

  @TempDir Path folder;

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(i -> "text number " + i).toList();
  }

  private VectorStore build(Path where, WordVectorEncoder encoder, List<String> texts)
      throws IOException {
    return new VectorStoreBuilder(where, encoder, Prompt.document(), SHARD)
        .build(RecordStream.of(texts), (vectors, encoded) -> {});
  }

  private static SortedMap<String, String> contents(Path where) throws IOException {
    SortedMap<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(where)) {
      for (Path file : files.toList()) {
        contents.put(
            file.getFileName().toString(),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  @Test
  void keepsUnitVectorsInTheOrderOfTheTexts() throws IOException {
    List<String> texts = texts(34);
    VectorStore store = build(folder, new WordVectorEncoder(DIMENSIONS), texts);
    assertEquals(34, store.size());
    assertEquals(4, store.shards());
    assertEquals(4, store.shardSize(3));
    assertEquals(34L * DIMENSIONS * 4, store.bytes());
    float[][] expected = new WordVectorEncoder(DIMENSIONS).encode(texts, Prompt.document());
    float[] all = store.copy(0, 34);
    for (int i = 0; i < 34; i++) {
      double length = 0;
      for (float value : expected[i]) {
        length += value * value;
      }
      for (int d = 0; d < DIMENSIONS; d++) {
        assertEquals(expected[i][d] / Math.sqrt(length), all[i * DIMENSIONS + d], 1e-6);
      }
    }
    assertArrayEquals(store.copy(8, 23), Arrays.copyOfRange(all, 8 * DIMENSIONS, 23 * DIMENSIONS));
  }

  @Test
  void writesFilesThatNumpyReads() throws IOException {
    build(folder, new WordVectorEncoder(DIMENSIONS), texts(13));
    byte[] file = Files.readAllBytes(folder.resolve("vectors-00001.npy"));
    // The format's specification: magic, version, header length, header padded to 64 bytes.
    assertEquals(
        "\u0093NUMPY\u0001\u0000v\u0000{'descr': '<f4', 'fortran_order': False, 'shape': (3,"
            + " 12), }",
        new String(file, 0, 128, StandardCharsets.ISO_8859_1).strip());
    assertEquals('\n', file[127]);
    assertEquals(128 + 3 * DIMENSIONS * 4, file.length);
  }

  @Test
  void goesOnAfterBeingKilledAndEndsWithTheSameFiles() throws IOException {
    List<String> texts = texts(57);
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    build(whole, new WordVectorEncoder(DIMENSIONS), texts);

    WordVectorEncoder first = new WordVectorEncoder(DIMENSIONS).failAfter(2);
    assertThrows(IllegalStateException.class, () -> build(killed, first, texts));
    assertThrows(IOException.class, () -> VectorStore.open(killed));
    // What a kill in the middle of writing leaves behind.
    Files.writeString(killed.resolve("vectors-00002.npy"), "half a file");
    Files.writeString(
        killed.resolve("shards.jsonl"), "{\"shard\":2,\"vec", StandardOpenOption.APPEND);

    WordVectorEncoder second = new WordVectorEncoder(DIMENSIONS);
    List<Boolean> encoded = new ArrayList<>();
    new VectorStoreBuilder(killed, second, Prompt.document(), SHARD)
        .build(RecordStream.of(texts), (vectors, now) -> encoded.add(now));
    assertEquals(List.of(false, false, true, true, true, true), encoded);
    assertEquals(37, second.encoded());
    assertEquals(contents(whole), contents(killed));
  }

  @Test
  void encodesAgainWhatChangedAndNothingElse() throws IOException {
    List<String> texts = new ArrayList<>(texts(40));
    build(folder, new WordVectorEncoder(DIMENSIONS), texts);
    texts.set(15, "another text");
    WordVectorEncoder again = new WordVectorEncoder(DIMENSIONS);
    VectorStore changed = build(folder, again, texts);
    assertEquals(10, again.encoded());
    VectorStore fresh = build(folder.resolve("fresh"), new WordVectorEncoder(DIMENSIONS), texts);
    assertArrayEquals(fresh.copy(0, 40), changed.copy(0, 40));

    WordVectorEncoder shorter = new WordVectorEncoder(DIMENSIONS);
    assertEquals(25, build(folder, shorter, texts.subList(0, 25)).size());
    assertEquals(5, shorter.encoded());
  }

  @Test
  void startsAgainWithAnotherEncoderOrPrompt() throws IOException {
    build(folder, new WordVectorEncoder(DIMENSIONS), texts(20));
    WordVectorEncoder wider = new WordVectorEncoder(DIMENSIONS + 1);
    assertEquals(DIMENSIONS + 1, build(folder, wider, texts(20)).dimensions());
    assertEquals(20, wider.encoded());
    WordVectorEncoder asked = new WordVectorEncoder(DIMENSIONS + 1);
    new VectorStoreBuilder(folder, asked, Prompt.query("Find:"), SHARD)
        .build(RecordStream.of(texts(20)), (vectors, encoded) -> {});
    assertEquals(20, asked.encoded());
  }

  @Test
  void remembersVectorsThatHaveNoDirection() throws IOException {
    List<String> texts = new ArrayList<>(texts(25));
    texts.set(3, "");
    texts.set(20, "...");
    assertEquals(
        List.of(3, 20), build(folder, new WordVectorEncoder(DIMENSIONS), texts).unusable());
    assertEquals(List.of(3, 20), VectorStore.open(folder).unusable());
  }

  @Test
  void saysWhatIsWrongWithADamagedStore() throws IOException {
    build(folder, new WordVectorEncoder(DIMENSIONS), texts(25));
    Files.delete(folder.resolve("vectors-00001.npy"));
    IOException failure = assertThrows(IOException.class, () -> VectorStore.open(folder));
    assertTrue(failure.getMessage().contains("should hold 25 vectors and holds 15"));
    WordVectorEncoder again = new WordVectorEncoder(DIMENSIONS);
    build(folder, again, texts(25));
    assertEquals(10, again.encoded());
    assertEquals(25, VectorStore.open(folder).size());
  }
}

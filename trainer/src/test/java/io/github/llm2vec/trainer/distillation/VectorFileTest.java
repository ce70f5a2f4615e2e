/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.config.DataAccess.CorruptLinePolicy;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DistillationSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vectors in files that numpy and safetensors wrote (src/test/python/make_vector_files.py). */
class VectorFileTest {

  private static final Path FILES =
      Path.of("src/test/resources/io/github/llm2vec/trainer/distillation");
  private static final float[][] VECTORS = {
    {0.5f, -1.25f, 3f}, {0.1f, 0.2f, 0.3f}, {-2f, 0f, 1e-3f}, {7f, 8f, 9f}
  };

  @TempDir Path folder;

  private DistillationSet texts(String name, String content) throws IOException {
    Path file = Files.writeString(folder.resolve(name), content);
    return DistillationSet.ofTexts(
        file, folder.resolve("cache"), Long.MAX_VALUE, new CorruptLines(CorruptLinePolicy.ERROR));
  }

  private VectorFile open(Path file, DistillationSet texts) throws IOException {
    return VectorFile.open(file, texts.documents(), folder.resolve("cache"));
  }

  private Path copy(String name, String ids) throws IOException {
    Path file = Files.copy(FILES.resolve(name), folder.resolve(name));
    String base = name.substring(0, name.indexOf('.'));
    Files.writeString(folder.resolve(base + ".ids.txt"), ids);
    return file;
  }

  @Test
  void readsWhatPythonWroteInTheOrderOfTheTexts() throws IOException {
    try (DistillationSet texts = texts("t.txt", "one\ntwo\nthree\nfour\n")) {
      for (String name :
          List.of("single.npy", "double.npy", "version2.npy", "single.safetensors")) {
        try (VectorFile file = open(FILES.resolve(name), texts)) {
          assertEquals(3, file.dimensions(), name);
          assertEquals(4, file.size(), name);
          for (int i = 0; i < 4; i++) {
            assertArrayEquals(VECTORS[i], file.read(i), name);
          }
          assertFalse(file.haveUnitLength());
        }
      }
    }
  }

  @Test
  void blankLinesMayHaveVectorsOrNone() throws IOException {
    try (DistillationSet four = texts("four.txt", "one\n\ntwo\nthree\n");
        VectorFile file = open(FILES.resolve("single.npy"), four)) {
      assertEquals(3, file.size());
      assertArrayEquals(VECTORS[0], file.read(0));
      assertArrayEquals(VECTORS[2], file.read(1));
      assertArrayEquals(VECTORS[3], file.read(2));
    }
    try (DistillationSet five = texts("five.txt", "one\n\ntwo\nthree\nfour\n");
        VectorFile file = open(FILES.resolve("single.npy"), five)) {
      assertArrayEquals(VECTORS[1], file.read(1));
    }
  }

  @Test
  void idsSayWhichVectorIsWhose() throws IOException {
    String lines =
        "{\"id\": \"b\", \"title\": \"A\", \"text\": \"title\"}\n{\"_id\": 7, \"text\": \"number\"}\n";
    try (DistillationSet texts = texts("t.jsonl", lines)) {
      assertEquals("A title", texts.documents().text(0));
      Path array = copy("single.npy", "7\na\nb\nc\n");
      try (VectorFile file = open(array, texts)) {
        assertArrayEquals(VECTORS[2], file.read(0));
        assertArrayEquals(VECTORS[0], file.read(1));
      }
      Path json =
          Files.writeString(
              folder.resolve("v.jsonl"),
              "{\"id\": 7, \"embedding\": [3, 4]}\n{\"id\": \"b\", \"vector\": [0.6, 0.8]}\n");
      try (VectorFile file = open(json, texts)) {
        assertArrayEquals(new float[] {0.6f, 0.8f}, file.read(0));
        assertArrayEquals(new float[] {3, 4}, file.read(1));
      }
    }
    // A text without an id has its line for one, as the command encode has it.
    try (DistillationSet texts = texts("t.txt", "one\n\nthree\n");
        VectorFile file = open(copy("single.safetensors", "4\n3\n2\n1\n"), texts)) {
      assertArrayEquals(VECTORS[3], file.read(0));
      assertArrayEquals(VECTORS[1], file.read(1));
    }
  }

  @Test
  void saysWhatDoesNotFit() throws IOException {
    try (DistillationSet texts = texts("t.txt", "one\ntwo\nthree\nfour\nfive\n")) {
      refuses(texts, FILES.resolve("single.npy"), "4 vectors and no ids, but there are 5 texts");
      refuses(texts, FILES.resolve("fortran.npy"), "C order");
      refuses(texts, copy("single.npy", "1\n2\n3\n4\n"), "no vector for the text with the id '5'");
      refuses(texts, copy("double.npy", "1\n2\n3\n"), "but there are 3 ids");
      refuses(texts, copy("version2.npy", "1\n2\n2\n4\n"), "the id '2' twice");
      refuses(texts, folder.resolve("t.txt"), "none of .npy");
      refuses(texts, FILES.resolve("absent.npy"), "no such file");
      byte[] bytes = Files.readAllBytes(FILES.resolve("single.npy"));
      Path cut = folder.resolve("cut.npy");
      Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length - 1));
      refuses(texts, cut, "shorter than its header");
      for (String vector :
          List.of("{\"id\": 1}", "{\"embedding\": [1]}", "{\"id\": 1, \"vector\": [\"a\"]}")) {
        Path lines = Files.writeString(folder.resolve("bad.jsonl"), vector + "\n");
        refuses(texts, lines, "bad.jsonl:1:");
      }
      Path zero =
          Files.writeString(folder.resolve("zero.jsonl"), "{\"id\": 1, \"embedding\": [0, 0]}\n");
      try (DistillationSet one = texts("one.txt", "one\n");
          VectorFile file = open(zero, one)) {
        IOException failure = assertThrows(IOException.class, () -> file.read(0));
        assertTrue(failure.getMessage().contains("zero or not finite"), failure.getMessage());
      }
    }
  }

  private void refuses(DistillationSet texts, Path file, String problem) {
    IOException failure = assertThrows(IOException.class, () -> open(file, texts));
    assertTrue(failure.toString().contains(problem), failure.toString());
  }
}

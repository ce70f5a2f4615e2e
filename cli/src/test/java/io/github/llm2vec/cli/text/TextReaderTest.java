/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.trainer.data.DataFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextReaderTest {

  @Test
  void readsJsonLinesOfOursAndOfBeir() throws IOException {
    assertEquals(
        List.of(
            new TextRecord("1", "", "eins"),
            new TextRecord("7", "", "zwei"),
            new TextRecord("a", "A title", "drei"),
            new TextRecord("5", "", "ohne id")),
        read(
            TextFormat.AUTO,
            """
            {"id":"1","text":"eins"}
            {"id":7,"text":"zwei","metadata":{"x":[1,{"text":"no"}]}}

            {"_id":"a","title":"A title","text":"drei"}
            {"text":"ohne id","title":null}
            """));
  }

  @Test
  void putsTheTitleBeforeTheTextAsBeirDoes() {
    assertEquals("A title drei", new TextRecord("a", "A title", "drei").content());
    assertEquals("A title", new TextRecord("a", "A title", "").content());
    assertEquals(" as it is ", new TextRecord("a", "", " as it is ").content());
  }

  @Test
  void countsAsManyTextsAsItReads(@TempDir Path folder) throws IOException {
    Path lines = Files.writeString(folder.resolve("a.txt"), "one\n\nthree\n");
    assertEquals(OptionalLong.of(3), TextReader.count(lines, TextFormat.AUTO));
    Path json = folder.resolve("b.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(json))) {
      out.write("{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(OptionalLong.of(2), TextReader.count(json, TextFormat.AUTO));
    assertEquals(OptionalLong.empty(), TextReader.count(folder, TextFormat.AUTO));
  }

  @Test
  void countsEveryLineOfPlainTextEvenEmptyOnes() throws IOException {
    assertEquals(
        List.of(
            new TextRecord("1", "", "first"),
            new TextRecord("2", "", ""),
            new TextRecord("3", "", "drei ä 😀")),
        read(TextFormat.AUTO, "\uFEFFfirst\r\n\ndrei ä 😀"));
  }

  @Test
  void takesJsonForTextWhenToldSo() throws IOException {
    assertEquals(
        List.of(new TextRecord("1", "", "{\"id\":1}")), read(TextFormat.TXT, "{\"id\":1}\n"));
  }

  @Test
  void unpacksGzipWhateverTheName(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("texts.jsonl");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"id\":\"z\",\"text\":\"packed\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    try (TextReader reader = TextReader.open(file, TextFormat.AUTO)) {
      assertEquals(Optional.of(new TextRecord("z", "", "packed")), reader.next());
      assertEquals(Optional.empty(), reader.next());
      assertEquals(1.0, reader.fraction().orElseThrow());
    }
  }

  @Test
  void choosesTheFormatByName(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("braces.txt"), "{not json\n");
    try (TextReader reader = TextReader.open(file, TextFormat.AUTO)) {
      assertEquals("{not json", reader.next().orElseThrow().text());
    }
    assertThrows(
        NoSuchFileException.class,
        () -> TextReader.open(folder.resolve("none.txt"), TextFormat.AUTO));
  }

  @Test
  void saysWhichLineIsWrongAndHowItShouldLook() {
    assertProblem("{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":", "in:2: broken JSON at column");
    assertProblem("{\"id\":\"1\"}\n", "in:1: no \"text\"");
    assertProblem("{\"id\":\"1\",\"text\":5}\n", "in:1: \"text\" is not a string");
    assertProblem("{\"id\":[1],\"text\":\"a\"}\n", "in:1: \"id\" is neither a string nor");
    assertProblem("{\"text\":\"a\"} {\"text\":\"b\"}\n", "in:1: more than one JSON value");
    assertProblem("{\"text\":\"a\"}\n[1]\n", "in:2: not a JSON object");
  }

  @Test
  void saysWhichLineIsNotUtf8() {
    byte[] latin = "gut\nschön\n".getBytes(StandardCharsets.ISO_8859_1);
    IOException failure =
        assertThrows(
            DataFormatException.class,
            () -> readAll(new ByteArrayInputStream(latin), TextFormat.TXT));
    assertTrue(failure.getMessage().startsWith("in:2: not valid UTF-8"), failure.getMessage());
  }

  @Test
  void joinsLinesThatCrossTheBuffer() throws IOException {
    String longLine = "ß".repeat(100_001);
    assertEquals(
        List.of(new TextRecord("1", "", longLine), new TextRecord("2", "", longLine)),
        read(TextFormat.TXT, longLine + "\r\n" + longLine + "\n"));
  }

  private static void assertProblem(String input, String start) {
    IOException failure =
        assertThrows(DataFormatException.class, () -> read(TextFormat.JSONL, input));
    assertTrue(failure.getMessage().startsWith(start), failure.getMessage());
    assertTrue(
        failure.getMessage().contains("{\"id\":\"1\",\"text\":\"...\"}"), failure.getMessage());
  }

  private static List<TextRecord> read(TextFormat format, String input) throws IOException {
    return readAll(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), format);
  }

  private static List<TextRecord> readAll(InputStream in, TextFormat format) throws IOException {
    List<TextRecord> records = new ArrayList<>();
    try (TextReader reader = TextReader.of(in, "in", format)) {
      for (Optional<TextRecord> r = reader.next(); r.isPresent(); r = reader.next()) {
        records.add(r.get());
      }
    }
    return records;
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.config.DataAccess;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files are read as Python reads them (make_datasets.py, make_parquet.py). */
class TextFilesTest {

  @TempDir Path folder;

  static Path resource(String name) throws URISyntaxException {
    return Path.of(TextFilesTest.class.getResource(name).toURI());
  }

  static JsonNode json(String name) throws IOException {
    try (InputStream in = TextFilesTest.class.getResourceAsStream(name)) {
      return new ObjectMapper().readTree(in);
    }
  }

  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.textValue()));
    return texts;
  }

  static Stream<JsonNode> files() throws IOException {
    return StreamSupport.stream(json("datasets.json").get("files").spliterator(), false);
  }

  private static CorruptLines strict() {
    return new CorruptLines(DataAccess.CorruptLinePolicy.ERROR);
  }

  private static List<String> read(TextStyle style, Path... files) throws IOException {
    return Streams.all(TextFiles.open(List.of(files), style, strict()));
  }

  @ParameterizedTest
  @MethodSource("files")
  void readsFilesAsHuggingFaceDoes(JsonNode expected) throws IOException {
    byte[] content = Base64.getDecoder().decode(expected.get("base64").textValue());
    Path file = Files.write(folder.resolve(expected.get("file").textValue()), content);
    assertEquals(texts(expected.get("texts")), read(TextStyle.LINE, file));
    Path packed =
        Streams.gzip(
            folder.resolve(file.getFileName() + ".gz"),
            new String(content, StandardCharsets.UTF_8));
    assertEquals(texts(expected.get("texts")), read(TextStyle.LINE, packed));
    if (expected.has("wiki1m")) {
      assertEquals(texts(expected.get("wiki1m")), read(TextStyle.STRIPPED, file));
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void readsLinesInAnyOrder(JsonNode expected) throws IOException {
    byte[] content = Base64.getDecoder().decode(expected.get("base64").textValue());
    Path file = Files.write(folder.resolve(expected.get("file").textValue()), content);
    String key = expected.has("wiki1m") ? "wiki1m" : "texts";
    List<String> wanted = texts(expected.get(key));
    TextRows.Selection selection =
        new TextRows.Selection(List.of(file), TextStyle.STRIPPED, true, Long.MAX_VALUE);
    if (wanted.isEmpty()) {
      assertThrows(DataFormatException.class, () -> TextRows.open(selection, folder, strict()));
      return;
    }
    try (TextRows rows = TextRows.open(selection, folder.resolve("cache"), strict())) {
      assertEquals(wanted.size(), rows.size());
      for (int i = wanted.size() - 1; i >= 0; i--) {
        assertEquals(wanted.get(i).strip(), rows.read(i).strip());
      }
      assertThrows(IndexOutOfBoundsException.class, () -> rows.read(wanted.size()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "snappy", "zstd", "gzip", "lz4", "plain-v2", "delta"})
  void readsParquetOfEveryCodec(String name) throws Exception {
    assertEquals(
        texts(json("texts.json")), read(TextStyle.LINE, resource("texts-" + name + ".parquet")));
  }

  @Test
  void readsSeveralFilesAsOne() throws IOException {
    Path a = Files.writeString(folder.resolve("a.txt"), "1\n2\n");
    Path b = Files.writeString(folder.resolve("b.jsonl"), "{\"text\":\"3\"}\n");
    assertEquals(List.of("1", "2", "3"), read(TextStyle.LINE, a, b));
    Path array =
        Files.writeString(folder.resolve("c.json"), "[{\"text\":\"4\"},\n{\"text\":\"5\\n\"}]\n");
    assertEquals(List.of("1", "2", "4", "5\n"), read(TextStyle.LINE, a, array));
    assertThrows(
        NoSuchFileException.class, () -> read(TextStyle.LINE, a, folder.resolve("none.txt")));
  }

  /** Lines of wikitext on the hub: with their end, blank ones empty. */
  @Test
  void readsWikiTextAsTheHubHasIt() throws IOException {
    Path file =
        Files.writeString(folder.resolve("wiki.train.raw"), " \n = Title = \n \n A text . \n");
    assertEquals(List.of("", " = Title = \n", "", " A text . \n"), read(TextStyle.WIKITEXT, file));
  }

  @Test
  void namesFileAndLineOfWhatItCannotRead() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("a.jsonl"), "{\"text\":\"1\"}\n\n{\"text\":2}\n{\"text\":\n[]\n{}\n");
    IOException e = assertThrows(IOException.class, () -> read(TextStyle.LINE, file));
    assertEquals(file + ":3: expected a text under \"text\", found NUMBER", e.getMessage());
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    assertEquals(List.of("1"), Streams.all(TextFiles.open(List.of(file), TextStyle.LINE, lenient)));
    assertEquals(4, lenient.skipped());
    assertEquals(4, lenient.examples().size());
    assertTrue(lenient.examples().get(1).startsWith(file + ":4: broken JSON at column"));
    assertTrue(lenient.examples().get(2).contains("expected a JSON object on each line"));
  }

  @Test
  void namesTheLineWhoseEncodingIsBroken() throws IOException {
    byte[] content = "ok\nb\u00e4d\nok\n".getBytes(StandardCharsets.ISO_8859_1);
    Path file = Files.write(folder.resolve("latin.txt"), content);
    IOException e = assertThrows(IOException.class, () -> read(TextStyle.LINE, file));
    assertTrue(e.getMessage().startsWith(file + ":2: not valid UTF-8"), e.getMessage());
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    assertEquals(
        List.of("ok", "ok"), Streams.all(TextFiles.open(List.of(file), TextStyle.LINE, lenient)));
    assertEquals(1, lenient.skipped());
  }

  @Test
  void refusesAFieldTooFewAndAnOpenQuotationMark() throws IOException {
    Path file = Files.writeString(folder.resolve("a.csv"), "id,text\n1\n2,b\n3,\"c\n");
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    assertEquals(List.of("b"), Streams.all(TextFiles.open(List.of(file), TextStyle.LINE, lenient)));
    assertEquals(file + ":2: expected 2 fields, found 1", lenient.examples().get(0));
    assertTrue(lenient.examples().get(1).contains("opened and never closed"));
  }

  @Test
  void refusesRowsWithoutAText() throws Exception {
    Path file = resource("nulls.parquet");
    IOException e = assertThrows(IOException.class, () -> read(TextStyle.LINE, file));
    assertTrue(e.getMessage().startsWith(file + ":2: expected a text"), e.getMessage());
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    assertEquals(
        List.of("a", "b"), Streams.all(TextFiles.open(List.of(file), TextStyle.LINE, lenient)));
  }

  @Test
  void refusesBrokenContainersEvenWhenLinesMayBeSkipped() throws Exception {
    byte[] parquet = Files.readAllBytes(resource("texts-snappy.parquet"));
    Path cut = Files.write(folder.resolve("cut.parquet"), Arrays.copyOf(parquet, 900));
    CorruptLines lenient = new CorruptLines(DataAccess.CorruptLinePolicy.SKIP);
    IOException e =
        assertThrows(
            IOException.class,
            () -> Streams.all(TextFiles.open(List.of(cut), TextStyle.LINE, lenient)));
    assertTrue(e.getMessage().startsWith(cut + ": cannot be read as Parquet"), e.getMessage());

    // Garbled pages under an intact footer.
    byte[] garbled = parquet.clone();
    for (int i = 50; i < 900; i++) {
      garbled[i] = (byte) (i * 31);
    }
    Path bad = Files.write(folder.resolve("bad.parquet"), garbled);
    assertThrows(
        IOException.class,
        () -> Streams.all(TextFiles.open(List.of(bad), TextStyle.LINE, lenient)));

    Path whole = Streams.gzip(folder.resolve("a.txt.gz"), "some text\n".repeat(1000));
    byte[] packed = Files.readAllBytes(whole);
    Path half = Files.write(folder.resolve("b.txt.gz"), Arrays.copyOf(packed, packed.length / 2));
    e =
        assertThrows(
            IOException.class,
            () -> Streams.all(TextFiles.open(List.of(half), TextStyle.LINE, lenient)));
    assertTrue(e.getMessage().startsWith(half + ": broken gzip after line"), e.getMessage());
  }

  @Test
  void skipsALineThatIsTooLongAndGoesOn() throws IOException {
    byte[] content = ("short\n" + "x".repeat(200_000) + "\nlast").getBytes(StandardCharsets.UTF_8);
    Path file = Files.write(folder.resolve("long.txt"), content);
    try (LineReader lines = new LineReader(Files.newInputStream(file), file.toString(), 1000)) {
      assertEquals("short", lines.next().orElseThrow());
      IOException e = assertThrows(IOException.class, lines::next);
      assertTrue(e.getMessage().contains(":2: the line is longer than 1000 bytes"));
      assertEquals("last", lines.next().orElseThrow());
      assertEquals(3, lines.line());
      assertEquals(200_007, lines.start());
    }
  }

  @Test
  void leavesAByteOrderMarkOut() throws IOException {
    Path file = Files.writeString(folder.resolve("bom.txt"), "\uFEFFfirst\nsecond\n");
    assertEquals(List.of("first", "second"), read(TextStyle.LINE, file));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.cli.model.NanEncoder;
import io.github.llm2vec.encoder.Prompt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodeCommandTest {

  private static final int TEXTS = 500;

  @TempDir private Path folder;
  private Path input;
  private HashEncoder encoder = new HashEncoder(8);
  private final CommandRunner runner = new CommandRunner(options -> encoder);

  @BeforeEach
  void writeInput() throws IOException {
    input =
        Files.writeString(
            folder.resolve("texts.jsonl"),
            IntStream.range(0, TEXTS)
                .mapToObj(i -> "{\"id\":\"d" + i + "\",\"text\":\"text " + i + "\"}\n")
                .collect(Collectors.joining()));
  }

  @Test
  void writesOneJsonLinePerTextInInputOrder() throws IOException {
    Path output = folder.resolve("new/vectors.jsonl");
    assertEquals(0, encode(output));
    List<String> lines = Files.readAllLines(output);
    assertEquals(TEXTS, lines.size());
    for (int i = 0; i < TEXTS; i++) {
      JsonNode line = new ObjectMapper().readTree(lines.get(i));
      assertEquals("d" + i, line.get("id").asText());
      float[] found = new float[line.get("embedding").size()];
      for (int j = 0; j < found.length; j++) {
        found[j] = Float.parseFloat(line.get("embedding").get(j).asText());
      }
      assertArrayEquals(encoder.vector("text " + i, Prompt.document()), found);
    }
    assertTrue(runner.err().contains("Encoding: 500 texts"), runner.err());
    assertTrue(encoder.closed());
    assertOnly("texts.jsonl", "new");
  }

  @Test
  void passesRoleAndInstructionOn() throws IOException {
    Path output = folder.resolve("vectors.jsonl");
    assertEquals(0, encode(output, "--role", "query", "--instruction", "Find it:"));
    String first = Files.readAllLines(output).get(0);
    float expected = encoder.vector("text 0", Prompt.query("Find it:"))[0];
    assertTrue(first.startsWith("{\"id\":\"d0\",\"embedding\":[" + expected + ","), first);
  }

  @Test
  void readsStandardInputAndWritesStandardOutput() {
    runner.typing("first\n\nthird\n");
    assertEquals(0, runner.run("encode", "--model", "m", "--input", "-", "--output", "-"));
    List<String> lines = runner.out().lines().toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(1).startsWith("{\"id\":\"2\",\"embedding\":["), lines.get(1));
    assertEquals(List.of("first", "", "third"), encoder.encoded());
  }

  @Test
  void writesAnArrayThatFollowsTheNumpyFormat() throws IOException {
    Path output = folder.resolve("vectors.npy");
    assertEquals(0, encode(output));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(output)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[8];
    bytes.get(magic);
    assertArrayEquals(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, magic);
    byte[] header = new byte[bytes.getShort()];
    bytes.get(header);
    assertEquals(0, bytes.position() % 64);
    assertEquals(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (500, 8), }",
        new String(header, StandardCharsets.US_ASCII).strip());
    assertEquals('\n', header[header.length - 1]);
    for (int i = 0; i < TEXTS; i++) {
      float[] found = new float[8];
      bytes.asFloatBuffer().get(i * 8, found);
      assertArrayEquals(encoder.vector("text " + i, Prompt.document()), found);
    }
    assertEquals(TEXTS * 8 * 4, bytes.remaining());
    List<String> ids = Files.readAllLines(folder.resolve("vectors.ids.txt"));
    assertEquals(IntStream.range(0, TEXTS).mapToObj(i -> "d" + i).toList(), ids);
    assertOnly("texts.jsonl", "vectors.npy", "vectors.ids.txt");
  }

  @Test
  void resumesAnInterruptedRunWithoutEncodingATextTwice() throws IOException {
    for (String name : List.of("vectors.jsonl", "vectors.npy")) {
      encoder = new HashEncoder(8);
      Path whole = folder.resolve("whole-" + name);
      assertEquals(0, encode(whole));

      Path output = folder.resolve(name);
      HashEncoder failing = new HashEncoder(8).failingAfter(300);
      encoder = failing;
      assertEquals(1, encode(output));
      assertFalse(Files.exists(output), "an unfinished output must not look finished");
      Path partial = folder.resolve(name + ".partial");
      assertTrue(Files.exists(partial));
      // What a crash in the middle of a row leaves behind.
      Files.write(partial, new byte[] {'{', '"', 'i'}, StandardOpenOption.APPEND);

      encoder = new HashEncoder(8);
      assertEquals(1, encode(output));
      assertTrue(runner.err().contains("add --resume"), runner.err());
      assertEquals(0, encode(output, "--resume"));
      assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(output));
      assertEquals(TEXTS, failing.encoded().size() + encoder.encoded().size());
      assertFalse(Files.exists(partial));

      assertEquals(0, encode(output, "--resume"));
      assertTrue(runner.err().contains("is complete"), runner.err());
    }
  }

  @Test
  void refusesToResumeWithAnotherInputOrModel() throws IOException {
    Path output = folder.resolve("vectors.jsonl");
    encoder = new HashEncoder(8).failingAfter(300);
    assertEquals(1, encode(output));

    encoder = new HashEncoder(16);
    assertEquals(1, encode(output, "--resume"));
    assertTrue(runner.err().contains("is of another model"), runner.err());

    encoder = new HashEncoder(8);
    assertEquals(1, encode(output, "--resume", "--role", "query"));
    assertTrue(runner.err().contains("is of another model, role"), runner.err());

    Files.writeString(input, Files.readString(input).replace("\"d7\"", "\"x7\""));
    assertEquals(1, encode(output, "--resume"));
    assertTrue(runner.err().contains("row 8 of the partial output is 'd7'"), runner.err());

    assertEquals(0, encode(output, "--overwrite"));
    assertTrue(Files.readAllLines(output).get(7).startsWith("{\"id\":\"x7\""));
  }

  @Test
  void namesFileAndLineOfMalformedInputAndKeepsWhatCameBefore() throws IOException {
    Files.writeString(input, "{\"id\":\"last\",\"text\":\"broken}\n", StandardOpenOption.APPEND);
    Path output = folder.resolve("vectors.jsonl");
    assertEquals(1, encode(output));
    assertTrue(runner.err().contains("texts.jsonl:501: broken JSON at column"), runner.err());
  }

  @Test
  void refusesVectorsThatAreNotNumbers() {
    encoder = new HashEncoder(8);
    CommandRunner broken = new CommandRunner(options -> new NanEncoder());
    assertEquals(
        1,
        broken.run(
            "encode",
            "--model",
            "m",
            "--input",
            input.toString(),
            "--output",
            folder.resolve("v.jsonl").toString()));
    assertTrue(broken.err().contains("gives NaN for text 'd0'"), broken.err());
  }

  private int encode(Path output, String... more) {
    String[] fixed = {
      "encode", "--model", "m", "--input", input.toString(), "--output", output.toString()
    };
    String[] all = new String[fixed.length + more.length];
    System.arraycopy(fixed, 0, all, 0, fixed.length);
    System.arraycopy(more, 0, all, fixed.length, more.length);
    return runner.run(all);
  }

  private void assertOnly(String... names) throws IOException {
    try (var files = Files.list(folder)) {
      assertEquals(
          List.of(names).stream().sorted().toList(),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }
}

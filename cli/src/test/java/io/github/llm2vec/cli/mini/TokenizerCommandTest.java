/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mini;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerCommandTest {

  private final CommandRunner runner = new CommandRunner(options -> new HashEncoder(4));

  @TempDir private Path folder;

  @Test
  void writesATokenizerThatTheEncoderOpens() throws IOException {
    Path text =
        Files.writeString(folder.resolve("t.txt"), "One fish, two fish.\nRed fish, blue fish.\n");
    Path output = folder.resolve("tokenizer");
    assertEquals(0, learn("265", output, text, "--lowercase", "--max-length=64"), runner.err());
    assertTrue(runner.err().contains("Wrote " + output + ", 265 tokens."), runner.err());
    try (Tokenizer tokenizer = Tokenizer.open(output)) {
      assertEquals(265, tokenizer.vocabSize());
      assertTrue(tokenizer.idOf("\u0120fish").isPresent(), "a word four times");
      assertArrayEquals(tokenizer.encode(" fish"), tokenizer.encode(" FISH"));
    }
    String config = Files.readString(output.resolve("tokenizer_config.json"));
    assertTrue(config.contains("\"model_max_length\" : 64"), config);
    Path again = folder.resolve("again");
    assertEquals(0, learn("265", again, text, "--lowercase", "--max-length=64"), runner.err());
    for (String name :
        new String[] {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
      assertEquals(-1, Files.mismatch(output.resolve(name), again.resolve(name)), name);
    }
  }

  @Test
  void saysWhyThereIsNone() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.txt"), "\n\n");
    Path output = folder.resolve("none");
    assertEquals(1, learn("300", output, empty));
    assertTrue(runner.err().contains("no text to learn a tokenizer from"), runner.err());
    assertEquals(1, learn("200", output, empty));
    assertTrue(runner.err().contains("at least 261 tokens"), runner.err());
    assertFalse(Files.exists(output));
  }

  @Test
  void saysThatTheTextsAreTooSmall() throws IOException {
    Path text = Files.writeString(folder.resolve("t.txt"), "ab ab\n");
    assertEquals(0, learn("9000", folder.resolve("small"), text), runner.err());
    assertTrue(runner.err().contains("the texts are small for so many tokens"), runner.err());
  }

  private int learn(String size, Path output, Path text, String... more) {
    String[] fixed = {
      "tokenizer", "--vocab-size", size, "--output", output.toString(), text.toString()
    };
    String[] all = new String[fixed.length + more.length];
    System.arraycopy(fixed, 0, all, 0, fixed.length);
    System.arraycopy(more, 0, all, fixed.length, more.length);
    return runner.run(all);
  }
}

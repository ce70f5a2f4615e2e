/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The three real tokenizers among the test resources, unpacked where a test wants them. */
final class RealTokenizers {

  static final List<String> NAMES = List.of("gpt2", "mistral-7b-v0.1", "qwen2");
  static final Path RESOURCES = Path.of("src", "test", "resources", "tokenizers");

  private RealTokenizers() {}

  /** Unpacks a tokenizer.json into a folder below the given one and opens it. */
  static Tokenizer open(String name, Path temporary) throws IOException {
    Path folder = Files.createDirectories(temporary.resolve(name));
    Files.write(folder.resolve("tokenizer.json"), json(name));
    return Tokenizer.open(folder);
  }

  /** The bytes of a tokenizer.json. */
  static byte[] json(String name) throws IOException {
    Path packed = RESOURCES.resolve(name).resolve("tokenizer.json.gz");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      return in.readAllBytes();
    }
  }
}

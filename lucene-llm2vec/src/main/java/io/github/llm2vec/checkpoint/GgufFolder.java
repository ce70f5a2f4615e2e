/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.files.CacheFolder;
import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.gguf.GgufModel;
import io.github.llm2vec.gguf.GgufTokenizer;
import io.github.llm2vec.gguf.GgufWeights;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file as a model folder. What its header says is written out once, into a folder below the
 * cache that is named after the hash of the contents: config.json, the tokenizer's files and, if
 * the header names a pooling, the files of sentence-transformers. The weights stay where they are.
 */
public final class GgufFolder {

  private static final String SUFFIX = ".gguf";
  private static final int HASH_DIGITS = 16;

  private GgufFolder() {}

  /** Whether a path names a GGUF file by its ending. */
  static boolean isGguf(Path path) {
    return path.toString().endsWith(SUFFIX) && Files.isRegularFile(path);
  }

  /**
   * The folder that stands for a file.
   *
   * @param cache where it is made
   * @throws ModelFormatException if the file is damaged or holds what is not supported
   * @throws ModelUnavailableException if the cache cannot be written
   */
  public static Path of(Path file, Path cache) throws IOException {
    Map<String, byte[]> files = files(file);
    Path target = cache.resolve("gguf").resolve(name(file, files));
    if (!complete(target, files)) {
      try {
        write(target, files);
      } catch (IOException e) {
        throw new ModelUnavailableException(
            file.toString(),
            "cannot be unpacked to " + target + ": " + e,
            "Make that folder writable, or name another one in " + CacheFolder.VARIABLE,
            e);
      }
    }
    return target;
  }

  /** The small files of the model, by name. */
  public static Map<String, byte[]> files(Path file) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (GgufWeights weights = GgufWeights.open(file)) {
      GgufModel model = weights.model();
      byte[] config =
          new ObjectMapper()
              .writerWithDefaultPrettyPrinter()
              .writeValueAsBytes(model.config(weights));
      // What would be refused when it is opened is refused before anything is written.
      DecoderConfig.read(JsonObject.parse(file, config));
      files.putAll(GgufTokenizer.files(file, model.header().metadata()));
      Optional<String> pooling = model.poolingMode();
      if (pooling.isPresent()) {
        files.put(SentenceTransformersConfig.MODULES, bytes(MODULES));
        files.put(
            "1_Pooling/config.json", bytes("{\"pooling_mode\": \"" + pooling.get() + "\"}\n"));
      }
      files.put(DecoderConfig.FILE_NAME, config);
    }
    return files;
  }

  private static final String MODULES =
      """
      [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
      ]
      """;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String name(Path file, Map<String, byte[]> files) {
    MessageDigest digest = ContentHash.digest("SHA-256");
    files.forEach(
        (name, content) -> {
          digest.update(bytes(name + "\0" + content.length + "\0"));
          digest.update(content);
        });
    String base = file.getFileName().toString();
    String hash = HexFormat.of().formatHex(digest.digest()).substring(0, HASH_DIGITS);
    return base.substring(0, base.length() - SUFFIX.length()) + "-" + hash;
  }

  private static boolean complete(Path folder, Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> entry : files.entrySet()) {
      Path file = folder.resolve(entry.getKey());
      if (!Files.isRegularFile(file)
          || !Arrays.equals(Files.readAllBytes(file), entry.getValue())) {
        return false;
      }
    }
    return true;
  }

  /** Complete or not at all; another process may do the same at the same time. */
  private static void write(Path target, Map<String, byte[]> files) throws IOException {
    Files.createDirectories(target.getParent());
    Path made = Files.createTempDirectory(target.getParent(), ".unpacking-");
    for (Map.Entry<String, byte[]> entry : files.entrySet()) {
      Path file = made.resolve(entry.getKey());
      Files.createDirectories(file.getParent());
      Files.write(file, entry.getValue());
    }
    try {
      Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      // Every platform has an error of its own for a folder that is there already.
      if (!Files.isDirectory(target)) {
        throw e;
      }
      repair(made, target, files);
    }
  }

  /** The folder is there, made by another process or damaged: every file is put in its place. */
  private static void repair(Path made, Path target, Map<String, byte[]> files) throws IOException {
    for (String name : files.keySet()) {
      Files.createDirectories(target.resolve(name).getParent());
      Files.move(made.resolve(name), target.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    Files.deleteIfExists(made.resolve("1_Pooling"));
    Files.deleteIfExists(made);
  }
}

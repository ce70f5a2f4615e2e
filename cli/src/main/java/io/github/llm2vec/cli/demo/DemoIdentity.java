/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Hashes of the demo's input files, by which an existing index is recognised as made from them. */
final class DemoIdentity {

  private static final int LETTERS = 16;

  private DemoIdentity() {}

  /** Hash of a file, or of all files of a folder with their names. */
  static String of(Path place) throws IOException {
    MessageDigest digest = sha256();
    for (Path file : files(place)) {
      digest.update((place.relativize(file) + "\0").getBytes(StandardCharsets.UTF_8));
      try (InputStream in = Files.newInputStream(file);
          OutputStream counted = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
        in.transferTo(counted);
      }
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, LETTERS);
  }

  private static List<Path> files(Path place) throws IOException {
    try (Stream<Path> walk = Files.walk(place)) {
      return walk.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}

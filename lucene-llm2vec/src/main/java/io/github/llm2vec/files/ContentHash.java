/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hashes by which a hub names contents. */
public final class ContentHash {

  private ContentHash() {}

  /**
   * Whether a file has the content that an entity tag stands for: SHA-256 for 64 hexadecimal
   * digits, git's hash of a blob (SHA-1 of {@code "blob SIZE\0"} and the content) for 40. A tag of
   * another form says nothing, so every content agrees with it.
   */
  public static boolean agrees(Path file, String etag) throws IOException {
    if (etag.matches("[0-9a-f]{64}")) {
      return etag.equals(hash(file, digest("SHA-256")));
    }
    if (etag.matches("[0-9a-f]{40}")) {
      MessageDigest digest = digest("SHA-1");
      digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
      return etag.equals(hash(file, digest));
    }
    return true;
  }

  private static String hash(Path file, MessageDigest digest) throws IOException {
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** A digest that every Java has. */
  public static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + algorithm + "; this is a bug", e);
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.files.ContentHash;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** SHA-256 of a sequence of texts or bytes, in hexadecimal. Not thread-safe. */
public final class Sha256 {

  private final MessageDigest digest = ContentHash.digest("SHA-256");

  /** Adds bytes as they are. */
  public Sha256 add(byte[] bytes) {
    digest.update(bytes);
    return this;
  }

  /** Adds a text with its length in front, so that no two texts run together. */
  public Sha256 add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return add((bytes.length + ":").getBytes(StandardCharsets.US_ASCII)).add(bytes);
  }

  /** The digest of everything added. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}

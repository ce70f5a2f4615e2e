/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * Hash of a text: half of its SHA-256. Two texts of one document never share it by accident.
 *
 * @param high first eight bytes
 * @param low the next eight
 */
public record TextHash(long high, long low) {

  /** Length of the hash. */
  public static final int BYTES = 2 * Long.BYTES;

  /** The hash of a text. */
  public static TextHash of(String text) {
    ByteBuffer digest = ByteBuffer.wrap(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    return new TextHash(digest.getLong(), digest.getLong());
  }

  /** Stands for several texts in their order. */
  public static TextHash ofAll(List<String> texts) {
    MessageDigest sha256 = sha256();
    for (String text : texts) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
      sha256.update(bytes);
    }
    ByteBuffer digest = ByteBuffer.wrap(sha256.digest());
    return new TextHash(digest.getLong(), digest.getLong());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256; this is a bug", e);
    }
  }
}

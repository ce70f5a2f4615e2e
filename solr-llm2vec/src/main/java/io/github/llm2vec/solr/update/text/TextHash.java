/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import io.github.llm2vec.files.ContentHash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
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
    return of(ContentHash.digest("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Stands for several texts in their order. */
  public static TextHash ofAll(List<String> texts) {
    MessageDigest sha256 = ContentHash.digest("SHA-256");
    for (String text : texts) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
      sha256.update(bytes);
    }
    return of(sha256.digest());
  }

  private static TextHash of(byte[] sha256) {
    ByteBuffer digest = ByteBuffer.wrap(sha256);
    return new TextHash(digest.getLong(), digest.getLong());
  }
}

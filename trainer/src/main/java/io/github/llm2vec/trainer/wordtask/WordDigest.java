/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Tells aligned sentences apart by what they hold. */
final class WordDigest {

  private final MessageDigest digest;

  WordDigest() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256; this is a bug", e);
    }
  }

  WordDigest add(WordData data) {
    for (WordRow row : data.rows()) {
      add(row.ids());
      add(row.labels());
      add(row.words());
    }
    return this;
  }

  private void add(int[] values) {
    ByteBuffer bytes = ByteBuffer.allocate((values.length + 1) * Integer.BYTES);
    bytes.putInt(values.length).asIntBuffer().put(values);
    digest.update(bytes.array());
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}

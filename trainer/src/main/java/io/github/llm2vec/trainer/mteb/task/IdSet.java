/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.files.ContentHash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * A compact set of ids by their hashes, for corpora of millions. Holds 128 bits of an id's SHA-256,
 * 16 bytes per slot, where a set of strings would need about 100; two different ids are taken for
 * the same with a chance of 1 in 10^24 for ten million of them.
 */
final class IdSet {

  private static final int FIRST_SLOTS = 1 << 10;

  private final MessageDigest sha256 = ContentHash.digest("SHA-256");
  private long[] slots = new long[2 * FIRST_SLOTS];
  private int size;

  /** Adds an id. Returns whether it is new. */
  boolean add(String id) {
    ByteBuffer digest = ByteBuffer.wrap(sha256.digest(id.getBytes(StandardCharsets.UTF_8)));
    // An empty slot is all zero, so no id may hash to that.
    boolean added = insert(digest.getLong() | 1, digest.getLong());
    if (added && ++size * 3L > slots.length) {
      grow();
    }
    return added;
  }

  private boolean insert(long high, long low) {
    int mask = slots.length / 2 - 1;
    int slot = (int) (low & mask);
    while (slots[2 * slot] != 0) {
      if (slots[2 * slot] == high && slots[2 * slot + 1] == low) {
        return false;
      }
      slot = slot + 1 & mask;
    }
    slots[2 * slot] = high;
    slots[2 * slot + 1] = low;
    return true;
  }

  private void grow() {
    long[] old = slots;
    slots = new long[Math.multiplyExact(old.length, 2)];
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != 0) {
        insert(old[i], old[i + 1]);
      }
    }
  }
}

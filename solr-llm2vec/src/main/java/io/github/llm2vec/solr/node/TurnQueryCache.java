/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.llm2vec.encoder.Prompt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/**
 * Keeps the vectors of queries, for the whole node: a commit empties the caches of a core, but does
 * not change what a text means. Texts that several threads ask for at the same time are encoded
 * once.
 */
final class TurnQueryCache {

  /** Bytes that an entry takes beside its text and its vector, roughly. */
  private static final int ENTRY_BYTES = 200;

  /**
   * What a vector depends on.
   *
   * @param fingerprint of the encoder
   * @param prompt role and instruction
   * @param text of the query
   */
  record Key(String fingerprint, Prompt prompt, String text) {}

  private final Cache<Key, float[]> cache;
  private final ConcurrentMap<Key, CompletableFuture<float[]>> underWay = new ConcurrentHashMap<>();

  /** Holds about so many bytes; 0 keeps nothing. */
  TurnQueryCache(long bytes) {
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .<Key, float[]>weigher(TurnQueryCache::bytes)
            .executor(Runnable::run)
            .build();
  }

  private static int bytes(Key key, float[] vector) {
    return ENTRY_BYTES
        + 2 * (key.text.length() + key.prompt.instruction().length())
        + Float.BYTES * vector.length;
  }

  /**
   * The vector of a key, encoded by the caller's thread if no other thread has or is at it. A
   * failure is not kept; whoever waited for the same text gets it too.
   *
   * @return shared with others: to be read only
   */
  float[] get(Key key, Supplier<float[]> encode) {
    float[] kept = cache.getIfPresent(key);
    if (kept != null) {
      return kept;
    }
    CompletableFuture<float[]> mine = new CompletableFuture<>();
    CompletableFuture<float[]> others = underWay.putIfAbsent(key, mine);
    if (others != null) {
      return join(others);
    }
    try {
      // Looked up again: another thread may have been through since.
      float[] vector = cache.getIfPresent(key);
      if (vector == null) {
        vector = encode.get();
        cache.put(key, vector);
      }
      mine.complete(vector);
      return vector;
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      underWay.remove(key);
    }
  }

  private static float[] join(CompletableFuture<float[]> vector) {
    try {
      return vector.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }
}

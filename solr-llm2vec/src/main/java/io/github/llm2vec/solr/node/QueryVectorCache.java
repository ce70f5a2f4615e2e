/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.llm2vec.encoder.Prompt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Keeps the vectors of queries, for the whole node: a commit empties the caches of a core, but does
 * not change what a text means. Texts that several threads ask for at the same time are encoded
 * once.
 */
final class QueryVectorCache {

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

  private final AsyncCache<Key, float[]> cache;

  /** Holds about so many bytes; 0 keeps nothing. */
  QueryVectorCache(long bytes) {
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .<Key, float[]>weigher(QueryVectorCache::bytes)
            .executor(Runnable::run)
            .buildAsync();
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
    CompletableFuture<float[]> mine = new CompletableFuture<>();
    CompletableFuture<float[]> others = cache.asMap().putIfAbsent(key, mine);
    if (others != null) {
      return join(others);
    }
    try {
      float[] vector = encode.get();
      mine.complete(vector);
      return vector;
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
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

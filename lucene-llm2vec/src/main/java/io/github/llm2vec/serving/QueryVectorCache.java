/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.llm2vec.encoder.Prompt;
import java.util.Optional;

/**
 * Cache of query vectors by model fingerprint, prompt and text, bounded in bytes. May be shared by
 * several services: an entry belongs to an encoder's fingerprint, so that a model opened again
 * finds the vectors of its former life and never those of another.
 *
 * <p>Thread-safe.
 */
public final class QueryVectorCache {

  /** Bytes that an entry takes beside its text and its vector, roughly. */
  private static final int ENTRY_BYTES = 200;

  private static final long DEFAULT_BYTES = 64L << 20;

  private record Key(String fingerprint, Prompt prompt, String text) {}

  private final Cache<Key, float[]> cache;

  /**
   * Creates an empty cache.
   *
   * @param bytes how much memory it may take, about; 0 keeps nothing
   */
  public QueryVectorCache(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative, got " + bytes);
    }
    cache =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .<Key, float[]>weigher(QueryVectorCache::bytes)
            // Its upkeep is short; no thread of a common pool is to be borrowed for it.
            .executor(Runnable::run)
            .build();
  }

  /** A cache of 64 MiB, about 4000 vectors of 4096 dimensions. */
  public static QueryVectorCache ofDefaultSize() {
    return new QueryVectorCache(DEFAULT_BYTES);
  }

  private static int bytes(Key key, float[] vector) {
    int characters = key.text.length() + key.prompt.instruction().length();
    return ENTRY_BYTES + Character.BYTES * characters + Float.BYTES * vector.length;
  }

  /** A copy of a query's vector, if it is there. */
  public Optional<float[]> get(String fingerprint, TextKey text) {
    return Optional.ofNullable(cache.getIfPresent(key(fingerprint, text))).map(float[]::clone);
  }

  /** Keeps a copy of a query's vector. */
  public void put(String fingerprint, TextKey text, float[] vector) {
    cache.put(key(fingerprint, text), vector.clone());
  }

  /** Of an adapter the fingerprint alone, so that nothing of it is held, and it may be reopened. */
  private static Key key(String fingerprint, TextKey text) {
    return new Key(fingerprint, text.prompt(), text.text());
  }

  /** Forgets everything. */
  public void clear() {
    cache.invalidateAll();
  }
}
